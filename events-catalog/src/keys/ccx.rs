//! The keys of custom courses.

use events_core::EventData;

use super::course::{CourseKey, CourseKeyKind};
use super::error::{Fault, KeyError, KeyPart, Wanted};
use super::fields::Fields;
use super::text::Class;

/// The key of a custom course in a course run: `ccx-v1:edX+DemoX+2026+ccx@7`.
///
/// The text is that of `CCXLocator` of edx-ccx-keys. It is also the text of a [`CourseKey`]: this type takes those whose kind
/// is [`CcxV1`](CourseKeyKind::CcxV1), and has their text, equality and order. Upper case in the labels, such as `CCX@7`, is
/// taken and written in lower case.
///
/// ```
/// use events_catalog::keys::{CcxLocator, CourseKey, KeyError};
///
/// let key: CcxLocator = "ccx-v1:edX+DemoX+2026+ccx@7".parse()?;
/// assert_eq!(key.ccx(), "7");
/// assert_eq!(key.to_course_key(), CourseKey::new("edX", "DemoX", "2026")?);
/// assert_eq!(CcxLocator::new(&key.to_course_key(), "7")?, key);
///
/// let as_course = CourseKey::from(key.clone());
/// assert_eq!(as_course.as_str(), key.as_str());
/// assert_eq!(CcxLocator::try_from(as_course)?, key);
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct CcxLocator(CourseKey);

impl CcxLocator {
    /// The key of the custom course with this number in a course run. The number is decimal digits, of any script.
    ///
    /// # Errors
    /// When the course key is not of the kind [`CourseV1`](CourseKeyKind::CourseV1), or the number is empty or holds anything
    /// but decimal digits.
    pub fn new(course: &CourseKey, ccx: &str) -> Result<Self, KeyError> {
        if course.kind() != CourseKeyKind::CourseV1 {
            return Err(wrong(Fault::OtherKind, KeyPart::Course));
        }
        let fields = Fields {
            ccx: Some(ccx),
            ..course.fields()
        };
        match CourseKeyKind::CcxV1.check(&fields, Class::Id) {
            Ok(()) => Ok(Self(CourseKey::written(CourseKeyKind::CcxV1, &fields))),
            Err(wrong) => Err(KeyError::new(Wanted::Ccx, Wanted::Ccx.expected(), wrong)),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(CourseKeyKind::CcxV1.namespace()) {
            CourseKey::parse(text)
                .map(Self)
                .map_err(|error| error.wanting(Wanted::Ccx))
        } else {
            Err(Wanted::Ccx.other_namespace(text))
        }
    }

    /// The key's text: the reference's `str(key)`.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// This key as a course key.
    pub fn as_course_key(&self) -> &CourseKey {
        &self.0
    }

    /// The key of the course run in which the custom course is.
    pub fn to_course_key(&self) -> CourseKey {
        let fields = Fields {
            ccx: None,
            ..self.0.fields()
        };
        CourseKey::written(CourseKeyKind::CourseV1, &fields)
    }

    /// The number of the custom course, as it is written: `007` stays.
    pub fn ccx(&self) -> &str {
        self.0.ccx().unwrap_or_default()
    }

    /// The organization; `None` where the key is only a version.
    pub fn org(&self) -> Option<&str> {
        self.0.org()
    }

    /// The course; `None` where the key is only a version.
    pub fn course(&self) -> Option<&str> {
        self.0.course()
    }

    /// The run; `None` where the key is only a version.
    pub fn run(&self) -> Option<&str> {
        self.0.run()
    }

    /// The branch of the course run.
    pub fn branch(&self) -> Option<&str> {
        self.0.branch()
    }

    /// The version of the course run: 24 hexadecimal digits in lower case.
    pub fn version_guid(&self) -> Option<&str> {
        self.0.version_guid()
    }
}

fn wrong(fault: Fault, part: KeyPart) -> KeyError {
    KeyError::new(Wanted::Ccx, Wanted::Ccx.expected(), fault.of(part))
}

impl From<CcxLocator> for CourseKey {
    fn from(key: CcxLocator) -> Self {
        key.0
    }
}

/// The course key's kind must be [`CcxV1`](CourseKeyKind::CcxV1).
impl TryFrom<CourseKey> for CcxLocator {
    type Error = KeyError;

    fn try_from(key: CourseKey) -> Result<Self, KeyError> {
        if key.kind() == CourseKeyKind::CcxV1 {
            Ok(Self(key))
        } else {
            Err(wrong(Fault::OtherKind, KeyPart::Namespace))
        }
    }
}

super::text_impls!(CcxLocator);
