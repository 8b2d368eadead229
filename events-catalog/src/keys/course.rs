//! The keys of courses, and of what the platform treats as courses.

use std::sync::Arc;

use events_core::EventData;

use super::error::{Fault, KeyError, KeyPart, Wanted, Wrong};
use super::fields::{Dialect, Fields, Unsaid};
use super::text::Class;

/// The key of a course run, such as `course-v1:edX+DemoX+2026`.
///
/// The text of a key is that of `CourseKey` of edx-opaque-keys: what it takes is taken here, what it refuses is refused.
/// The forms are those of [`CourseKeyKind`]. Old libraries and custom courses have course keys, too.
///
/// ```
/// use events_catalog::keys::{CourseKey, CourseKeyKind, KeyError};
///
/// let key: CourseKey = "course-v1:edX+DemoX+2026+branch@draft".parse()?;
/// assert_eq!(key.org(), Some("edX"));
/// assert_eq!(key.course(), Some("DemoX"));
/// assert_eq!(key.run(), Some("2026"));
/// assert_eq!(key.branch(), Some("draft"));
/// assert_eq!(key.for_branch(None)?, CourseKey::new("edX", "DemoX", "2026")?);
///
/// let old: CourseKey = "edX/DemoX/2026".parse()?;
/// assert_eq!(old.kind(), CourseKeyKind::Legacy);
/// assert!(old.deprecated());
/// # Ok::<(), KeyError>(())
/// ```
///
/// # Text
///
/// [`as_str`](Self::as_str) is the reference's `str(key)`, which is what an event carries. It may be another text than the one
/// that was parsed: `slashes:` becomes `course-v1:`, and the parts of a block are dropped. Without a run, or without
/// organization and course, the text holds nothing but the version; the parts that the reference's key has beside it are there
/// until the key is written and read again.
///
/// # Equality
///
/// Keys are equal when the reference's are: the texts are equal, and so are the parts that a text cannot hold. They are
/// ordered by their texts, as bytes. The deprecated form of a key is another key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct CourseKey {
    text: Arc<str>,
    unsaid: Option<Arc<Unsaid>>,
}

/// The forms of course keys. See [`CourseKey::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CourseKeyKind {
    /// A course run: `course-v1:ORG+COURSE+RUN`, and options `+branch@BRANCH` and `+version@VERSION`; also the version alone.
    CourseV1,
    /// The deprecated form of a course run: `ORG/COURSE/RUN`. The run may be empty.
    Legacy,
    /// A library of before `lib:`: `library-v1:ORG+LIBRARY`, and the same options.
    LibraryV1,
    /// A custom course in a course run: `ccx-v1:ORG+COURSE+RUN+ccx@NUMBER`, and the same options before the number.
    CcxV1,
}

/// How many bytes most keys' texts have at most: one allocation while they are written.
pub(super) const MOST_TEXTS: usize = 128;

impl CourseKeyKind {
    pub(super) const fn namespace(self) -> &'static str {
        match self {
            Self::CourseV1 => "course-v1:",
            Self::Legacy => "",
            Self::LibraryV1 => "library-v1:",
            Self::CcxV1 => "ccx-v1:",
        }
    }

    /// What its keys look like.
    const fn expected(self) -> &'static str {
        match self {
            Self::CourseV1 => "`course-v1:ORG+COURSE+RUN`",
            Self::Legacy => "`ORG/COURSE/RUN`",
            Self::LibraryV1 => "`library-v1:ORG+LIBRARY`",
            Self::CcxV1 => "`ccx-v1:ORG+COURSE+RUN+ccx@NUMBER`",
        }
    }

    pub(super) const fn dialect(self) -> Dialect {
        match self {
            Self::CcxV1 => Dialect::Ccx,
            _ => Dialect::Course,
        }
    }

    /// Whether these are the parts of such a key, perhaps with those of a block.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn check(self, fields: &Fields<'_>, block: Class) -> Result<(), Wrong> {
        let second = match self {
            Self::LibraryV1 => KeyPart::Library,
            _ => KeyPart::Course,
        };
        fields.check(self.dialect(), second, block)?;
        if fields.version.is_none() {
            let needs_run = self != Self::LibraryV1;
            let needed = [
                (KeyPart::Org, fields.org.is_some()),
                (second, fields.course.is_some()),
                (KeyPart::Run, fields.run.is_some() || !needs_run),
            ];
            if let Some((part, _)) = needed.into_iter().find(|(_, is_there)| !is_there) {
                return Err(Fault::Missing.of(part));
            }
        }
        if self == Self::CcxV1 && fields.ccx.is_none() {
            return Err(Fault::Missing.of(KeyPart::Ccx));
        }
        Ok(())
    }
}

impl CourseKey {
    /// The key of a course run, `course-v1:ORG+COURSE+RUN`.
    ///
    /// ```
    /// use events_catalog::keys::CourseKey;
    ///
    /// let key = CourseKey::new("edX", "DemoX", "2026").unwrap();
    /// assert_eq!(key.as_str(), "course-v1:edX+DemoX+2026");
    /// let error = CourseKey::new("edX", "Demo X", "2026").unwrap_err();
    /// assert!(error.to_string().contains("character 5 of the course"));
    /// ```
    ///
    /// # Errors
    /// When a part is empty, or holds anything but letters, digits, `_`, `-`, `~`, `.` and `:`.
    pub fn new(org: &str, course: &str, run: &str) -> Result<Self, KeyError> {
        let fields = Fields {
            org: Some(org),
            course: Some(course),
            run: Some(run),
            ..Fields::default()
        };
        Self::checked(CourseKeyKind::CourseV1, &fields)
    }

    /// The deprecated key of a course run, `ORG/COURSE/RUN`. The run may be empty.
    ///
    /// # Errors
    /// When the organization or the course is empty, or a part holds anything but letters, digits, `_`, `-`, `.` and `%`.
    pub fn legacy(org: &str, course: &str, run: &str) -> Result<Self, KeyError> {
        Self::checked_legacy(org, course, run)
            .map_err(|wrong| wrong_in(CourseKeyKind::Legacy, wrong))
    }

    /// The key of a library of before `lib:`, `library-v1:ORG+LIBRARY`.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn library_v1(org: &str, library: &str) -> Result<Self, KeyError> {
        let fields = Fields {
            org: Some(org),
            course: Some(library),
            ..Fields::default()
        };
        Self::checked(CourseKeyKind::LibraryV1, &fields)
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        let kind = match text.split_once(':') {
            Some(("course-v1" | "slashes", _)) => CourseKeyKind::CourseV1,
            Some(("library-v1", _)) => CourseKeyKind::LibraryV1,
            Some(("ccx-v1", _)) => CourseKeyKind::CcxV1,
            None if text.contains('/') => CourseKeyKind::Legacy,
            _ => return Err(Wanted::Course.other_namespace(text)),
        };
        Self::parse_as(kind, text).map_err(|wrong| wrong_in(kind, wrong))
    }

    fn parse_as(kind: CourseKeyKind, text: &str) -> Result<Self, Wrong> {
        if kind == CourseKeyKind::Legacy {
            let mut parts = text.split('/');
            return match [parts.next(), parts.next(), parts.next(), parts.next()] {
                [Some(org), Some(course), Some(run), None] => {
                    Self::checked_legacy(org, course, run)
                }
                [.., None, _] => Err(Fault::Missing.of(KeyPart::Run)),
                _ => Err(Fault::TooMany.of(KeyPart::Layout)),
            };
        }
        let rest = text.split_once(':').map_or(text, |(_, rest)| rest);
        let fields = Fields::split(rest, kind.dialect())?;
        // The parts of a block are read and dropped. The block of a `block-v1` key is matched with `%` and refused for it later;
        // here there is no later.
        let block = match kind {
            CourseKeyKind::CcxV1 => Class::Id,
            _ => Class::IdOrPercent,
        };
        kind.check(&fields, block)?;
        Ok(Self::written(kind, &fields))
    }

    fn checked(kind: CourseKeyKind, fields: &Fields<'_>) -> Result<Self, KeyError> {
        match kind.check(fields, Class::Id) {
            Ok(()) => Ok(Self::written(kind, fields)),
            Err(wrong) => Err(wrong_in(kind, wrong)),
        }
    }

    fn checked_legacy(org: &str, course: &str, run: &str) -> Result<Self, Wrong> {
        Class::Legacy.check(KeyPart::Org, org)?;
        Class::Legacy.check(KeyPart::Course, course)?;
        if !run.is_empty() {
            Class::Legacy.check(KeyPart::Run, run)?;
        }
        Ok(Self {
            text: [org, course, run].join("/").into(),
            unsaid: None,
        })
    }

    /// The key of these parts, which were checked. Those of a block are left out.
    pub(super) fn written(kind: CourseKeyKind, fields: &Fields<'_>) -> Self {
        let mut text = String::with_capacity(MOST_TEXTS);
        text.push_str(kind.namespace());
        let is_library = kind == CourseKeyKind::LibraryV1;
        let unsaid = Unsaid::after_writing(fields, is_library, &mut text);
        Self {
            text: text.into(),
            unsaid: (!unsaid.is_nothing()).then(|| Arc::new(unsaid)),
        }
    }

    /// All parts.
    pub(super) fn fields(&self) -> Fields<'_> {
        let kind = self.kind();
        let said = if kind == CourseKeyKind::Legacy {
            let mut parts = self.text.split('/');
            Fields {
                org: parts.next(),
                course: parts.next(),
                run: parts.next(),
                ..Fields::default()
            }
        } else {
            Fields::split(&self.text[kind.namespace().len()..], kind.dialect()).unwrap_or_default()
        };
        match &self.unsaid {
            Some(unsaid) => unsaid.added_to(said),
            None => said,
        }
    }

    /// The key's text: the reference's `str(key)`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which form of key this is.
    pub fn kind(&self) -> CourseKeyKind {
        match self.text.split_once(':') {
            None => CourseKeyKind::Legacy,
            Some(("library-v1", _)) => CourseKeyKind::LibraryV1,
            Some(("ccx-v1", _)) => CourseKeyKind::CcxV1,
            Some(_) => CourseKeyKind::CourseV1,
        }
    }

    /// Whether the key is in the deprecated form.
    pub fn deprecated(&self) -> bool {
        self.kind() == CourseKeyKind::Legacy
    }

    /// The organization; `None` where the key is only a version.
    pub fn org(&self) -> Option<&str> {
        self.fields().org
    }

    /// The course; `None` for an old library, and where the key is only a version.
    pub fn course(&self) -> Option<&str> {
        let is_library = self.kind() == CourseKeyKind::LibraryV1;
        self.fields().course.filter(|_| !is_library)
    }

    /// The run; `None` for an old library, and where the key is only a version. That of a deprecated key may be empty.
    pub fn run(&self) -> Option<&str> {
        self.fields().run
    }

    /// The library, of an old library's key; `None` where the key is only a version.
    pub fn library(&self) -> Option<&str> {
        let is_library = self.kind() == CourseKeyKind::LibraryV1;
        self.fields().course.filter(|_| is_library)
    }

    /// The branch, such as `draft`.
    pub fn branch(&self) -> Option<&str> {
        self.fields().branch
    }

    /// The version: 24 hexadecimal digits in lower case.
    pub fn version_guid(&self) -> Option<&str> {
        self.fields().version
    }

    /// The number of the custom course, as it is written: `007` stays.
    pub fn ccx(&self) -> Option<&str> {
        self.fields().ccx
    }

    /// The same course in another branch, or in none; without a version.
    ///
    /// # Errors
    /// When a branch is given and is empty, or holds anything but letters, digits, `_`, `-`, `~`, `.` and `:`; when the key is
    /// only a version; when the key is deprecated and a branch is given.
    pub fn for_branch(&self, branch: Option<&str>) -> Result<Self, KeyError> {
        let version = None;
        self.changed(Fields {
            branch,
            version,
            ..self.fields()
        })
    }

    /// The same course and branch, in this version.
    ///
    /// ```
    /// # use events_catalog::keys::CourseKey;
    /// let key = CourseKey::new("edX", "DemoX", "2026").unwrap();
    /// let first = key.for_version("519665f6223ebd6980884f2b").unwrap();
    /// assert_eq!(first.as_str(), "course-v1:edX+DemoX+2026+version@519665f6223ebd6980884f2b");
    /// assert_eq!(first.version_agnostic().unwrap(), key);
    /// ```
    ///
    /// # Errors
    /// When the version is not 24 hexadecimal digits, and when the key is deprecated.
    pub fn for_version(&self, version_guid: &str) -> Result<Self, KeyError> {
        let version_guid = version_guid.to_ascii_lowercase();
        let version = Some(&*version_guid);
        self.changed(Fields {
            version,
            ..self.fields()
        })
    }

    /// The same course and branch, in no particular version.
    ///
    /// # Errors
    /// When the key is only a version.
    pub fn version_agnostic(&self) -> Result<Self, KeyError> {
        let version = None;
        self.changed(Fields {
            version,
            ..self.fields()
        })
    }

    fn changed(&self, fields: Fields<'_>) -> Result<Self, KeyError> {
        let kind = self.kind();
        if kind != CourseKeyKind::Legacy {
            return Self::checked(kind, &fields);
        }
        let part = match fields {
            Fields {
                branch: Some(_), ..
            } => KeyPart::Branch,
            Fields {
                version: Some(_), ..
            } => KeyPart::VersionGuid,
            _ => return Ok(self.clone()),
        };
        Err(wrong_in(kind, Fault::NoPlace.of(part)))
    }
}

fn wrong_in(kind: CourseKeyKind, wrong: Wrong) -> KeyError {
    KeyError::new(Wanted::Course, kind.expected(), wrong)
}

super::text_impls!(CourseKey);
