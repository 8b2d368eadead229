//! Opaque keys: identifiers whose text has a meaning to the platform only.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use events_core::EventData;

/// The key of a course run: `course-v1:edX+DemoX+2026`.
///
/// Checked for its shape only: a namespace and what it names (`course-v1:edX+DemoX+2026`, `library-v1:edX+lib`), or the three parts of the deprecated form (`edX/DemoX/2026`). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct CourseKey(Arc<str>);

impl CourseKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a course key. Shows no part of it: keys are payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCourseKey(());

impl fmt::Display for InvalidCourseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a course key: expected a namespace and its parts, as in `course-v1:edX+DemoX+2026`, or the three parts of \
             the deprecated form, as in `edX/DemoX/2026`",
        )
    }
}

impl core::error::Error for InvalidCourseKey {}

impl FromStr for CourseKey {
    type Err = InvalidCourseKey;

    fn from_str(text: &str) -> Result<Self, InvalidCourseKey> {
        let well_formed = match text.split_once(':') {
            Some((namespace, rest)) => !namespace.is_empty() && !rest.is_empty(),
            // The run may be empty: the reference takes `a/b/`.
            None => {
                matches!(text.split('/').collect::<Vec<_>>()[..], [org, course, _] if !org.is_empty() && !course.is_empty())
            }
        };
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(InvalidCourseKey(()))
        }
    }
}

impl fmt::Display for CourseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CourseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CourseKey({})", self.0)
    }
}

impl AsRef<str> for CourseKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
