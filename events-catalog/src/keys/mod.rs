//! Opaque keys: identifiers of courses, blocks and libraries whose text has a form of its own.
//!
//! | Type | Its text, for instance |
//! | --- | --- |
//! | [`CourseKey`] | `course-v1:edX+DemoX+2026`, `edX/DemoX/2026` (deprecated) |
//! | [`UsageKey`] | `block-v1:edX+DemoX+2026+type@html+block@intro`, `i4x://edX/DemoX/html/intro` (deprecated) |
//! | [`CcxLocator`] | `ccx-v1:edX+DemoX+2026+ccx@7` |
//! | [`LibraryLocatorV2`] | `lib:edX:problems` |
//! | [`LibraryUsageLocatorV2`] | `lb:edX:problems:problem:p1` |
//! | [`LibraryCollectionLocator`] | `lib-collection:edX:problems:algebra` |
//! | [`LibraryContainerLocator`] | `lct:edX:problems:unit:u1` |
//!
//! The forms are those of the Python packages edx-opaque-keys 4.0 and edx-ccx-keys 2.1. A text that they take is a key here,
//! with the same canonical text and the same parts, and a text that they refuse is refused: so no event is lost for a key that
//! its sender could write. This was compared over recorded keys and over generated ones.
//!
//! A key is made with [`str::parse`], or from parts with the constructors of its type. In event data it travels as its text:
//!
//! ```
//! use events_catalog::keys::{CourseKey, KeyError, UsageKey};
//!
//! let course: CourseKey = "course-v1:edX+DemoX+2026".parse()?;
//! let block = UsageKey::new(&course, "html", "intro")?;
//! assert_eq!(block.as_str(), "block-v1:edX+DemoX+2026+type@html+block@intro");
//! assert_eq!(block.course_key(), Some(course));
//! # Ok::<(), KeyError>(())
//! ```
//!
//! All keys are cheap to clone, and immutable. They are read in time linear in their length.

mod aside;
mod ccx;
mod course;
mod error;
mod fields;
mod library;
mod text;
mod usage;
mod usage_text;

pub use ccx::CcxLocator;
pub use course::{CourseKey, CourseKeyKind};
pub use error::{KeyError, KeyPart};
pub use library::{
    LibraryCollectionLocator, LibraryContainerLocator, LibraryLocatorV2, LibraryUsageLocatorV2,
};
pub use usage::{UsageKey, UsageKeyKind};

/// What every key has: its text in and out.
macro_rules! text_impls {
    ($key:ident) => {
        impl core::str::FromStr for $key {
            type Err = KeyError;

            fn from_str(text: &str) -> Result<Self, KeyError> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $key {
            type Error = KeyError;

            fn try_from(text: &str) -> Result<Self, KeyError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $key {
            type Error = KeyError;

            fn try_from(text: String) -> Result<Self, KeyError> {
                Self::parse(&text)
            }
        }

        impl core::fmt::Display for $key {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl core::fmt::Debug for $key {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({})", stringify!($key), self.as_str())
            }
        }

        impl AsRef<str> for $key {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}
use text_impls;
