//! The keys of libraries and of what is in them, whose parts are separated with colons.

use std::sync::Arc;

use events_core::EventData;

use super::error::{Fault, KeyError, KeyPart, Wanted, Wrong};
use super::text::Class;
use super::usage::{UsageKey, UsageKeyKind};

/// The parts of a key after its namespace.
type Layout<const N: usize> = [(KeyPart, Class); N];

const LIBRARY: Layout<2> = [
    (KeyPart::Org, Class::LibraryAscii),
    (KeyPart::Slug, Class::LibraryWord),
];

const BLOCK: Layout<4> = [
    LIBRARY[0],
    LIBRARY[1],
    (KeyPart::BlockType, Class::LibraryAscii),
    (KeyPart::BlockId, Class::LibraryWord),
];

const COLLECTION: Layout<3> = [
    LIBRARY[0],
    LIBRARY[1],
    (KeyPart::CollectionId, Class::LibraryWord),
];

const CONTAINER: Layout<4> = [
    LIBRARY[0],
    LIBRARY[1],
    (KeyPart::ContainerType, Class::LibraryAscii),
    (KeyPart::ContainerId, Class::LibraryWord),
];

/// The key's text, if it begins with the namespace and has these parts.
fn parse<const N: usize>(
    wanted: Wanted,
    namespace: &str,
    layout: &Layout<N>,
    text: &str,
) -> Result<Arc<str>, KeyError> {
    match text.split_once(':') {
        Some((given, rest)) if given == namespace => match check(layout, rest) {
            Ok(()) => Ok(text.into()),
            Err(wrong) => Err(KeyError::new(wanted, wanted.expected(), wrong)),
        },
        _ => Err(wanted.other_namespace(text)),
    }
}

/// The text of the key of these parts.
fn write<const N: usize>(
    wanted: Wanted,
    namespace: &str,
    layout: &Layout<N>,
    parts: [&str; N],
) -> Result<Arc<str>, KeyError> {
    for ((part, class), value) in layout.iter().zip(parts) {
        if let Err(wrong) = class.check(*part, value) {
            return Err(KeyError::new(wanted, wanted.expected(), wrong));
        }
    }
    Ok(format!("{namespace}:{}", parts.join(":")).into())
}

fn check<const N: usize>(layout: &Layout<N>, rest: &str) -> Result<(), Wrong> {
    let mut values = rest.split(':');
    for (part, class) in layout {
        let value = values.next().ok_or_else(|| Fault::Missing.of(*part))?;
        class.check(*part, value)?;
    }
    match values.next() {
        None => Ok(()),
        Some(_) => Err(Fault::TooMany.of(KeyPart::Layout)),
    }
}

/// The part with this index after the namespace.
fn nth(text: &str, index: usize) -> &str {
    text.split(':').nth(index + 1).unwrap_or_default()
}

/// The key of a library: `lib:edX:problems`.
///
/// The text is that of `LibraryLocatorV2` of edx-opaque-keys: what it takes is taken here, also a line break at the end of a
/// part. For libraries of before see [`CourseKey::library_v1`](super::CourseKey::library_v1).
///
/// ```
/// use events_catalog::keys::{KeyError, LibraryLocatorV2};
///
/// let key: LibraryLocatorV2 = "lib:edX:problems".parse()?;
/// assert_eq!((key.org(), key.slug()), ("edX", "problems"));
/// assert_eq!(key, LibraryLocatorV2::new("edX", "problems")?);
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct LibraryLocatorV2(Arc<str>);

impl LibraryLocatorV2 {
    /// The key of the library with this slug in an organization.
    ///
    /// # Errors
    /// When a part is empty, or holds anything but letters, digits, `_`, `-` and `.`; in the organization those of ASCII only.
    pub fn new(org: &str, slug: &str) -> Result<Self, KeyError> {
        write(Wanted::Library, "lib", &LIBRARY, [org, slug]).map(Self)
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        parse(Wanted::Library, "lib", &LIBRARY, text).map(Self)
    }

    /// The library of a key whose first parts are that.
    pub(super) fn of(text: &str) -> Self {
        Self(format!("lib:{}:{}", nth(text, 0), nth(text, 1)).into())
    }

    /// The key's text: the reference's `str(key)`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The organization.
    pub fn org(&self) -> &str {
        nth(&self.0, 0)
    }

    /// The name of the library in its organization.
    pub fn slug(&self) -> &str {
        nth(&self.0, 1)
    }
}

/// The key of a block in a library: `lb:edX:problems:problem:p1`.
///
/// The text is that of `LibraryUsageLocatorV2` of edx-opaque-keys. It is also the text of a [`UsageKey`]: this type takes those
/// whose kind is [`Library`](UsageKeyKind::Library).
///
/// ```
/// use events_catalog::keys::{KeyError, LibraryLocatorV2, LibraryUsageLocatorV2, UsageKey};
///
/// let key: LibraryUsageLocatorV2 = "lb:edX:problems:problem:p1".parse()?;
/// assert_eq!(key.lib_key(), LibraryLocatorV2::new("edX", "problems")?);
/// assert_eq!((key.block_type(), key.usage_id()), ("problem", "p1"));
///
/// let usage = UsageKey::from(key.clone());
/// assert_eq!(usage.as_str(), key.as_str());
/// assert_eq!(LibraryUsageLocatorV2::try_from(usage)?, key);
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct LibraryUsageLocatorV2(Arc<str>);

impl LibraryUsageLocatorV2 {
    /// The key of the block with this type and id in a library.
    ///
    /// # Errors
    /// When a part is empty, or holds anything but letters, digits, `_`, `-` and `.`; in the type those of ASCII only.
    pub fn new(
        lib_key: &LibraryLocatorV2,
        block_type: &str,
        usage_id: &str,
    ) -> Result<Self, KeyError> {
        let parts = [lib_key.org(), lib_key.slug(), block_type, usage_id];
        write(Wanted::LibraryUsage, "lb", &BLOCK, parts).map(Self)
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        parse(Wanted::LibraryUsage, "lb", &BLOCK, text).map(Self)
    }

    /// The key's text: the reference's `str(key)`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the library.
    pub fn lib_key(&self) -> LibraryLocatorV2 {
        LibraryLocatorV2::of(&self.0)
    }

    /// The organization of the library.
    pub fn org(&self) -> &str {
        nth(&self.0, 0)
    }

    /// The name of the library in its organization.
    pub fn slug(&self) -> &str {
        nth(&self.0, 1)
    }

    /// The type of the block, such as `problem`.
    pub fn block_type(&self) -> &str {
        nth(&self.0, 2)
    }

    /// The name of the block in its library.
    pub fn usage_id(&self) -> &str {
        nth(&self.0, 3)
    }

    /// Another name of [`usage_id`](Self::usage_id), as upstream.
    pub fn block_id(&self) -> &str {
        self.usage_id()
    }
}

impl From<LibraryUsageLocatorV2> for UsageKey {
    fn from(key: LibraryUsageLocatorV2) -> Self {
        Self::of_text(key.0)
    }
}

/// The usage key's kind must be [`Library`](UsageKeyKind::Library).
impl TryFrom<UsageKey> for LibraryUsageLocatorV2 {
    type Error = KeyError;

    fn try_from(key: UsageKey) -> Result<Self, KeyError> {
        if key.kind() == UsageKeyKind::Library {
            Ok(Self(key.into_text()))
        } else {
            let wanted = Wanted::LibraryUsage;
            let wrong = Fault::OtherKind.of(KeyPart::Namespace);
            Err(KeyError::new(wanted, wanted.expected(), wrong))
        }
    }
}

/// The key of a collection in a library: `lib-collection:edX:problems:algebra`.
///
/// The text is that of `LibraryCollectionLocator` of edx-opaque-keys.
///
/// ```
/// use events_catalog::keys::{KeyError, LibraryCollectionLocator, LibraryLocatorV2};
///
/// let library = LibraryLocatorV2::new("edX", "problems")?;
/// let key = LibraryCollectionLocator::new(&library, "algebra")?;
/// assert_eq!(key.as_str(), "lib-collection:edX:problems:algebra");
/// assert_eq!((key.lib_key(), key.collection_id()), (library, "algebra"));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct LibraryCollectionLocator(Arc<str>);

impl LibraryCollectionLocator {
    /// The key of the collection with this id in a library.
    ///
    /// # Errors
    /// When the id is empty, or holds anything but letters, digits, `_`, `-` and `.`.
    pub fn new(lib_key: &LibraryLocatorV2, collection_id: &str) -> Result<Self, KeyError> {
        let parts = [lib_key.org(), lib_key.slug(), collection_id];
        let namespace = "lib-collection";
        write(Wanted::LibraryCollection, namespace, &COLLECTION, parts).map(Self)
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        let namespace = "lib-collection";
        parse(Wanted::LibraryCollection, namespace, &COLLECTION, text).map(Self)
    }

    /// The key's text: the reference's `str(key)`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the library.
    pub fn lib_key(&self) -> LibraryLocatorV2 {
        LibraryLocatorV2::of(&self.0)
    }

    /// The organization of the library.
    pub fn org(&self) -> &str {
        nth(&self.0, 0)
    }

    /// The name of the library in its organization.
    pub fn slug(&self) -> &str {
        nth(&self.0, 1)
    }

    /// The name of the collection in its library.
    pub fn collection_id(&self) -> &str {
        nth(&self.0, 2)
    }
}

/// The key of a container in a library: `lct:edX:problems:unit:u1`.
///
/// The text is that of `LibraryContainerLocator` of edx-opaque-keys.
///
/// ```
/// use events_catalog::keys::{KeyError, LibraryContainerLocator, LibraryLocatorV2};
///
/// let library = LibraryLocatorV2::new("edX", "problems")?;
/// let key = LibraryContainerLocator::new(&library, "unit", "u1")?;
/// assert_eq!(key.as_str(), "lct:edX:problems:unit:u1");
/// assert_eq!((key.container_type(), key.container_id()), ("unit", "u1"));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EventData)]
#[event_data(string)]
pub struct LibraryContainerLocator(Arc<str>);

impl LibraryContainerLocator {
    /// The key of the container with this type and id in a library.
    ///
    /// # Errors
    /// When a part is empty, or holds anything but letters, digits, `_`, `-` and `.`; in the type those of ASCII only.
    pub fn new(
        lib_key: &LibraryLocatorV2,
        container_type: &str,
        container_id: &str,
    ) -> Result<Self, KeyError> {
        let parts = [lib_key.org(), lib_key.slug(), container_type, container_id];
        write(Wanted::LibraryContainer, "lct", &CONTAINER, parts).map(Self)
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        parse(Wanted::LibraryContainer, "lct", &CONTAINER, text).map(Self)
    }

    /// The key's text: the reference's `str(key)`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the library.
    pub fn lib_key(&self) -> LibraryLocatorV2 {
        LibraryLocatorV2::of(&self.0)
    }

    /// The organization of the library.
    pub fn org(&self) -> &str {
        nth(&self.0, 0)
    }

    /// The name of the library in its organization.
    pub fn slug(&self) -> &str {
        nth(&self.0, 1)
    }

    /// The type of the container, such as `unit`.
    pub fn container_type(&self) -> &str {
        nth(&self.0, 2)
    }

    /// The name of the container in its library.
    pub fn container_id(&self) -> &str {
        nth(&self.0, 3)
    }
}

super::text_impls!(LibraryLocatorV2);
super::text_impls!(LibraryUsageLocatorV2);
super::text_impls!(LibraryCollectionLocator);
super::text_impls!(LibraryContainerLocator);
