//! The keys of blocks.

use std::sync::Arc;

use events_core::EventData;

use super::course::{CourseKey, CourseKeyKind};
use super::error::KeyError;
use super::fields::{Fields, Unsaid};
use super::library::LibraryLocatorV2;

/// The key of a block: `block-v1:edX+DemoX+2026+type@html+block@intro`.
///
/// The text of a key is that of `UsageKey` of edx-opaque-keys: what it takes is taken here, what it refuses is refused. The forms
/// are those of [`UsageKeyKind`].
///
/// ```
/// use events_catalog::keys::{CourseKey, KeyError, UsageKey};
///
/// let key: UsageKey = "block-v1:edX+DemoX+2026+type@html+block@intro".parse()?;
/// assert_eq!(key.block_type(), Some("html"));
/// assert_eq!(key.block_id(), "intro");
/// assert_eq!(key.course_key(), Some(CourseKey::new("edX", "DemoX", "2026")?));
///
/// let old: UsageKey = "i4x://edX/DemoX/html/intro".parse()?;
/// assert!(old.deprecated());
/// assert_eq!(old.run(), None);
/// # Ok::<(), KeyError>(())
/// ```
///
/// # Text
///
/// [`as_str`](Self::as_str) is the reference's `str(key)`, which is what an event carries. Some parts do not fit in it; they
/// are there until the key is written and read again: those that a [`CourseKey`] loses, and the run of a deprecated key that was
/// made from a course key. A key without a block type says `type@None`, and is read as one of the type `None`.
///
/// # Asides
///
/// The key of an aside decorates another usage key, which [`usage_key`](Self::usage_key) gives. The accessors of parts give
/// those of the decorated key.
///
/// # Equality
///
/// As for [`CourseKey`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct UsageKey {
    pub(super) text: Arc<str>,
    pub(super) beside: Option<Arc<Beside>>,
}

/// What a usage key holds beside its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Beside {
    /// What the text leaves out.
    Unsaid(Unsaid),
    /// Of an aside: what the text says, without escapes.
    Aside {
        usage_key: UsageKey,
        aside_type: Box<str>,
    },
}

/// The forms of usage keys. See [`UsageKey::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UsageKeyKind {
    /// In a course run: `block-v1:ORG+COURSE+RUN+type@TYPE+block@ID`, with the options of
    /// [`CourseV1`](CourseKeyKind::CourseV1) before the type.
    BlockV1,
    /// The deprecated form: `i4x://ORG/COURSE/TYPE/ID`, and perhaps `@BRANCH`.
    Legacy,
    /// In a library of before `lib:`: `lib-block-v1:ORG+LIBRARY+type@TYPE+block@ID`, with the same options.
    LibBlockV1,
    /// In a custom course: `ccx-block-v1:ORG+COURSE+RUN+ccx@NUMBER+type@TYPE+block@ID`, with the same options.
    CcxBlockV1,
    /// In a library: `lb:ORG:SLUG:TYPE:ID`. See [`LibraryUsageLocatorV2`](super::LibraryUsageLocatorV2).
    Library,
    /// A form that was in use for a short time: `location:ORG+COURSE+RUN+TYPE+ID`.
    Location,
    /// An aside of a block: `aside-usage-v1:KEY::TYPE`.
    AsideV1,
    /// An aside of a block: `aside-usage-v2:KEY::TYPE`, with every `:` in the parts written as `$:`.
    AsideV2,
}

impl UsageKeyKind {
    pub(super) const ALL: [Self; 8] = [
        Self::BlockV1,
        Self::Legacy,
        Self::LibBlockV1,
        Self::CcxBlockV1,
        Self::Library,
        Self::Location,
        Self::AsideV1,
        Self::AsideV2,
    ];

    /// What its keys begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::BlockV1 => "block-v1:",
            Self::Legacy => "i4x://",
            Self::LibBlockV1 => "lib-block-v1:",
            Self::CcxBlockV1 => "ccx-block-v1:",
            Self::Library => "lb:",
            Self::Location => "location:",
            Self::AsideV1 => "aside-usage-v1:",
            Self::AsideV2 => "aside-usage-v2:",
        }
    }

    /// The form of which the text is, if that is one.
    pub(super) fn of(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
    }

    /// The form of the key of the course that it is in.
    pub(super) const fn course(self) -> Option<CourseKeyKind> {
        match self {
            Self::BlockV1 | Self::Location => Some(CourseKeyKind::CourseV1),
            Self::Legacy => Some(CourseKeyKind::Legacy),
            Self::LibBlockV1 => Some(CourseKeyKind::LibraryV1),
            Self::CcxBlockV1 => Some(CourseKeyKind::CcxV1),
            Self::Library | Self::AsideV1 | Self::AsideV2 => None,
        }
    }
}

impl UsageKey {
    /// The key's text: the reference's `str(key)`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which form of key this is.
    pub fn kind(&self) -> UsageKeyKind {
        UsageKeyKind::of(&self.text).unwrap_or(UsageKeyKind::BlockV1)
    }

    /// Whether the key is in the deprecated form. The key of an aside never is, whatever it decorates.
    pub fn deprecated(&self) -> bool {
        self.kind() == UsageKeyKind::Legacy
    }

    /// The key of the course: also that of the old library or of the custom course.
    ///
    /// `None` for a block in a library, which has a [`library_key`](Self::library_key) instead, and for a deprecated key whose
    /// run is not known: its text has none. Take the course from elsewhere and call [`new`](Self::new) with it.
    pub fn course_key(&self) -> Option<CourseKey> {
        let own = self.undecorated();
        let kind = own.kind().course()?;
        let fields = own.fields();
        if kind == CourseKeyKind::Legacy {
            return CourseKey::legacy(fields.org?, fields.course?, fields.run?).ok();
        }
        Some(CourseKey::written(kind, &fields))
    }

    /// The key of the library, of a block in one.
    pub fn library_key(&self) -> Option<LibraryLocatorV2> {
        let own = self.undecorated();
        (own.kind() == UsageKeyKind::Library).then(|| LibraryLocatorV2::of(&own.text))
    }

    /// The organization; `None` where the key has a version instead.
    pub fn org(&self) -> Option<&str> {
        self.undecorated().fields().org
    }

    /// The course; `None` for a block in a library, and where the key has a version instead.
    pub fn course(&self) -> Option<&str> {
        let kind = self.undecorated().kind();
        let is_library = matches!(kind, UsageKeyKind::LibBlockV1 | UsageKeyKind::Library);
        self.second().filter(|_| !is_library)
    }

    /// The run; `None` for a block in a library, for a deprecated key that was parsed, and where the key has a version instead.
    pub fn run(&self) -> Option<&str> {
        self.undecorated().fields().run
    }

    /// The library of a `lib-block-v1` key; `None` where the key has a version instead.
    pub fn library(&self) -> Option<&str> {
        let kind = self.undecorated().kind();
        self.second().filter(|_| kind == UsageKeyKind::LibBlockV1)
    }

    /// The library of an `lb` key.
    pub fn slug(&self) -> Option<&str> {
        let kind = self.undecorated().kind();
        self.second().filter(|_| kind == UsageKeyKind::Library)
    }

    fn second(&self) -> Option<&str> {
        self.undecorated().fields().course
    }

    /// The branch, such as `draft`.
    pub fn branch(&self) -> Option<&str> {
        self.undecorated().fields().branch
    }

    /// The version of the course: 24 hexadecimal digits in lower case.
    pub fn version_guid(&self) -> Option<&str> {
        self.undecorated().fields().version
    }

    /// The number of the custom course, as it is written: `007` stays.
    pub fn ccx(&self) -> Option<&str> {
        self.undecorated().fields().ccx
    }

    /// The type of the block, such as `html`; `None` where the parsed text gave none.
    pub fn block_type(&self) -> Option<&str> {
        self.undecorated().fields().block_type
    }

    /// The name of the block.
    pub fn block_id(&self) -> &str {
        self.undecorated().fields().block_id.unwrap_or_default()
    }

    /// Of an aside: the usage key that it decorates.
    ///
    /// ```
    /// # use events_catalog::keys::{KeyError, UsageKey};
    /// let key: UsageKey = "aside-usage-v2:lb$:edX$:problems$:html$:intro::tags".parse()?;
    /// assert_eq!(key.usage_key(), Some(&"lb:edX:problems:html:intro".parse()?));
    /// assert_eq!(key.aside_type(), Some("tags"));
    /// assert_eq!(key.block_id(), "intro");
    /// # Ok::<(), KeyError>(())
    /// ```
    pub fn usage_key(&self) -> Option<&Self> {
        match self.beside.as_deref() {
            Some(Beside::Aside { usage_key, .. }) => Some(usage_key),
            _ => None,
        }
    }

    /// Of an aside: its type. It may be any text, also an empty one.
    pub fn aside_type(&self) -> Option<&str> {
        match self.beside.as_deref() {
            Some(Beside::Aside { aside_type, .. }) => Some(aside_type),
            _ => None,
        }
    }

    /// The key that an aside decorates, if need be through several of them; another key itself.
    fn undecorated(&self) -> &Self {
        let mut key = self;
        while let Some(decorated) = key.usage_key() {
            key = decorated;
        }
        key
    }

    /// All parts of a key that is none of an aside. The slug of a library stands in the place of the course.
    fn fields(&self) -> Fields<'_> {
        let kind = self.kind();
        let rest = &self.text[kind.prefix().len()..];
        let separated = |separator: char| {
            let mut parts = rest.split(separator);
            [(); 5].map(|()| parts.next())
        };
        let said = match kind {
            UsageKeyKind::Legacy => legacy_fields(rest).unwrap_or_default(),
            UsageKeyKind::Library => {
                let [org, course, block_type, block_id, _] = separated(':');
                Fields {
                    org,
                    course,
                    block_type,
                    block_id,
                    ..Fields::default()
                }
            }
            UsageKeyKind::Location => {
                let [org, course, run, block_type, block_id] = separated('+');
                Fields {
                    org,
                    course,
                    run,
                    block_type,
                    block_id,
                    ..Fields::default()
                }
            }
            _ => match kind.course() {
                Some(course) => Fields::split(rest, course.dialect()).unwrap_or_default(),
                None => Fields::default(),
            },
        };
        match self.beside.as_deref() {
            Some(Beside::Unsaid(unsaid)) => unsaid.added_to(said),
            _ => said,
        }
    }

    pub(super) fn of_text(text: Arc<str>) -> Self {
        Self { text, beside: None }
    }

    pub(super) fn into_text(self) -> Arc<str> {
        self.text
    }
}

/// The parts of `ORG/COURSE/TYPE/ID`, and perhaps `@BRANCH`. An id may hold a slash as far as this is concerned, a type an `@`.
pub(super) fn legacy_fields(rest: &str) -> Option<Fields<'_>> {
    let mut parts = rest.splitn(4, '/');
    let [org, course, block_type, id] = [(); 4].map(|()| parts.next());
    let (block_id, branch) = match id?.split_once('@') {
        Some((id, branch)) => (id, Some(branch)),
        None => (id?, None),
    };
    Some(Fields {
        org,
        course,
        branch,
        block_type,
        block_id: Some(block_id),
        ..Fields::default()
    })
}

super::text_impls!(UsageKey);
