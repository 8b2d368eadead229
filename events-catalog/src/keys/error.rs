//! What a text that is no key is told.

use core::fmt;

/// A text is not a key of the type that was asked for, or parts do not make one.
///
/// Says which type was wanted, which part is wrong and why, and what is expected in its place. It never shows the text or a
/// part of it, because keys are payload.
///
/// ```
/// use events_catalog::keys::{CourseKey, KeyPart};
///
/// let error = "course-v1:edX+DemoX+".parse::<CourseKey>().unwrap_err();
/// assert_eq!(error.to_string(), "not a course key: the run is empty; expected `course-v1:ORG+COURSE+RUN`");
/// assert_eq!(error.part(), KeyPart::Run);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError {
    wanted: Wanted,
    expected: &'static str,
    wrong: Wrong,
    /// Whether that is wrong in the key that an aside decorates.
    decorated: bool,
}

impl KeyError {
    pub(super) const fn new(wanted: Wanted, expected: &'static str, wrong: Wrong) -> Self {
        Self {
            wanted,
            expected,
            wrong,
            decorated: false,
        }
    }

    /// The same, in the key that an aside decorates.
    pub(super) const fn in_decorated(mut self) -> Self {
        self.decorated = true;
        self
    }

    /// The same, where another type was asked for.
    pub(super) const fn wanting(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// The part that is wrong.
    pub const fn part(&self) -> KeyPart {
        self.wrong.part
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}: ", self.wanted.name())?;
        if self.decorated {
            f.write_str("in the usage key that the aside decorates, ")?;
        }
        self.wrong.fmt(f)?;
        write!(f, "; expected {}", self.expected)
    }
}

impl core::error::Error for KeyError {}

/// A part of a key. See [`KeyError::part`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyPart {
    /// What stands before the first colon.
    Namespace,
    /// The organization.
    Org,
    /// The course.
    Course,
    /// The run of the course.
    Run,
    /// The library of a `library-v1` key.
    Library,
    /// The library of the other keys.
    Slug,
    /// The branch, as in `branch@draft`.
    Branch,
    /// The version, as in `version@` and 24 hexadecimal digits.
    VersionGuid,
    /// The number of the custom course.
    Ccx,
    /// The type of the block.
    BlockType,
    /// The name of the block.
    BlockId,
    /// The name of the collection.
    CollectionId,
    /// The type of the container.
    ContainerType,
    /// The name of the container.
    ContainerId,
    /// The usage key that an aside decorates.
    UsageKey,
    /// The type of the aside.
    AsideType,
    /// No single part: how many there are, or their order.
    Layout,
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "namespace",
            Self::Org => "organization",
            Self::Course => "course",
            Self::Run => "run",
            Self::Library => "library",
            Self::Slug => "library's slug",
            Self::Branch => "branch",
            Self::VersionGuid => "version",
            Self::Ccx => "number of the custom course",
            Self::BlockType => "block type",
            Self::BlockId => "block id",
            Self::CollectionId => "collection id",
            Self::ContainerType => "container type",
            Self::ContainerId => "container id",
            Self::UsageKey => "usage key that the aside decorates",
            Self::AsideType => "aside type",
            Self::Layout => "layout",
        })
    }
}

/// The types of keys, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Course,
    Usage,
    Ccx,
    Library,
    LibraryUsage,
    LibraryCollection,
    LibraryContainer,
}

impl Wanted {
    const fn name(self) -> &'static str {
        match self {
            Self::Course => "a course key",
            Self::Usage => "a usage key",
            Self::Ccx => "the key of a custom course",
            Self::Library => "the key of a library",
            Self::LibraryUsage => "the key of a block in a library",
            Self::LibraryCollection => "the key of a collection in a library",
            Self::LibraryContainer => "the key of a container in a library",
        }
    }

    const fn type_name(self) -> &'static str {
        match self {
            Self::Course => "CourseKey",
            Self::Usage => "UsageKey",
            Self::Ccx => "CcxLocator",
            Self::Library => "LibraryLocatorV2",
            Self::LibraryUsage => "LibraryUsageLocatorV2",
            Self::LibraryCollection => "LibraryCollectionLocator",
            Self::LibraryContainer => "LibraryContainerLocator",
        }
    }

    /// What a text looks like whose namespace does not tell.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Course => {
                "a namespace and its parts, as in `course-v1:ORG+COURSE+RUN`, or the deprecated `ORG/COURSE/RUN`"
            }
            Self::Usage => {
                "a namespace and its parts, as in `block-v1:ORG+COURSE+RUN+type@TYPE+block@ID`, or the deprecated \
                 `i4x://ORG/COURSE/TYPE/ID`"
            }
            Self::Ccx => "`ccx-v1:ORG+COURSE+RUN+ccx@NUMBER`",
            Self::Library => "`lib:ORG:SLUG`",
            Self::LibraryUsage => "`lb:ORG:SLUG:TYPE:ID`",
            Self::LibraryCollection => "`lib-collection:ORG:SLUG:ID`",
            Self::LibraryContainer => "`lct:ORG:SLUG:TYPE:ID`",
        }
    }

    /// What a text is told that begins with none of this type's namespaces.
    pub(super) fn other_namespace(self, text: &str) -> KeyError {
        let fault = match text.split_once(':') {
            None => Fault::NoNamespace,
            Some((namespace, _)) => match type_of(namespace) {
                Some(owner) if owner != self => Fault::NamespaceOf(owner.type_name()),
                _ => Fault::UnknownNamespace,
            },
        };
        KeyError::new(self, self.expected(), fault.of(KeyPart::Namespace))
    }
}

/// The type here that reads keys of this namespace.
fn type_of(namespace: &str) -> Option<Wanted> {
    Some(match namespace {
        "course-v1" | "slashes" | "library-v1" => Wanted::Course,
        "ccx-v1" => Wanted::Ccx,
        "block-v1" | "lib-block-v1" | "ccx-block-v1" | "location" | "i4x" | "aside-usage-v1"
        | "aside-usage-v2" => Wanted::Usage,
        "lib" => Wanted::Library,
        "lb" => Wanted::LibraryUsage,
        "lib-collection" => Wanted::LibraryCollection,
        "lct" => Wanted::LibraryContainer,
        _ => return None,
    })
}

/// A part, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong {
    part: KeyPart,
    fault: Fault,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.part;
        match self.fault {
            Fault::Missing => write!(f, "the {part} is missing"),
            Fault::Empty => write!(f, "the {part} is empty"),
            Fault::Character { at, allowed } => {
                write!(f, "character {at} of the {part} is none of {allowed}")
            }
            Fault::NoVersion(expected) => write!(f, "the {part} is not {expected}"),
            Fault::TooMany => f.write_str("it has a part, or a separator, too many"),
            Fault::UnknownOption(known) => {
                write!(f, "a part with `@` in it begins with none of {known}")
            }
            Fault::OptionOrder => write!(f, "the {part} is given twice, or after a later option"),
            Fault::NoPlace => write!(f, "this form has no place for the {part}"),
            Fault::OtherKind => write!(f, "the {part} is of another kind"),
            Fault::NoNamespace => f.write_str("it has no namespace"),
            Fault::UnknownNamespace => f.write_str("its namespace is unknown"),
            Fault::NamespaceOf(owner) => {
                write!(f, "its namespace is another one; parse it as `{owner}`")
            }
            Fault::Escapes => write!(f, "the {part} has a `$` or `:` that is not escaped"),
            Fault::Colons => write!(
                f,
                "the {part} has `::` in it or `:` at its end, which only `aside-usage-v2` can hold"
            ),
        }
    }
}

/// What can be wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Missing,
    Empty,
    /// Counted in characters, from 1.
    Character {
        at: usize,
        allowed: &'static str,
    },
    NoVersion(&'static str),
    TooMany,
    UnknownOption(&'static str),
    OptionOrder,
    NoPlace,
    OtherKind,
    NoNamespace,
    UnknownNamespace,
    NamespaceOf(&'static str),
    Escapes,
    Colons,
}

impl Fault {
    pub(super) const fn of(self, part: KeyPart) -> Wrong {
        Wrong { part, fault: self }
    }
}
