//! What is known of a receiver: who it is, where it stands, what it asks for.

use core::cmp::Ordering;
use core::fmt;
use std::borrow::Cow;

use crate::signal::AnySignal;

/// A place in source code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct SourceLocation {
    /// The file, as the compiler was given it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl SourceLocation {
    /// Called by the macros.
    #[doc(hidden)]
    pub const fn new(file: &'static str, line: u32, column: u32) -> Self {
        Self { file, line, column }
    }

    pub(crate) const fn of(location: &core::panic::Location<'static>) -> Self {
        Self {
            file: location.file(),
            line: location.line(),
            column: location.column(),
        }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// How a receiver came to its signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReceiverKind {
    /// `#[receiver(SIGNAL)]`: found by the linker, always connected.
    Linked,
    /// `#[receiver(SIGNAL, manual)]`: found by the linker, connected only by configuration.
    Manual,
    /// A closure given to [`Signal::connect`](crate::Signal::connect).
    Connected,
}

/// The signals a receiver is annotated with.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ReceiverSignals {
    /// `#[receiver(any)]`: every signal of the catalog.
    Any,
    /// `#[receiver(A, B)]`.
    Named(&'static [&'static dyn AnySignal]),
}

/// What is known of a receiver.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceiverInfo {
    /// The stable identity: `id = "…"` of the annotation, else the path of the function.
    pub id: Cow<'static, str>,
    /// Earlier identities: `alias = "…"` of the annotation.
    pub aliases: &'static [&'static str],
    /// The name of the function.
    pub name: &'static str,
    /// The module the function stands in; its first part is the name of the plugin crate.
    pub module: &'static str,
    /// Where the annotation, or the call of `connect`, stands.
    pub location: SourceLocation,
    /// Receivers with a smaller number run earlier; the default is 0.
    pub priority: i32,
    /// How the receiver came to its signal.
    pub kind: ReceiverKind,
    /// Whether the receiver asks for the metadata of the event.
    pub wants_metadata: bool,
    /// Whether the receiver is an `async fn`.
    pub is_async: bool,
    /// Whether the receiver is `durable`: a send stores its work, and a bus has it done.
    pub is_durable: bool,
    /// The signals of the annotation.
    pub signals: ReceiverSignals,
}

impl ReceiverInfo {
    /// Called by `#[receiver]`, which then states what differs from a plain receiver.
    #[doc(hidden)]
    pub const fn new(
        id: &'static str,
        name: &'static str,
        module: &'static str,
        location: SourceLocation,
        signals: ReceiverSignals,
    ) -> Self {
        Self {
            id: Cow::Borrowed(id),
            aliases: &[],
            name,
            module,
            location,
            priority: 0,
            kind: ReceiverKind::Linked,
            wants_metadata: false,
            is_async: false,
            is_durable: false,
            signals,
        }
    }

    /// Called by `#[receiver]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Called by `#[receiver]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Called by `#[receiver]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn manual(mut self) -> Self {
        self.kind = ReceiverKind::Manual;
        self
    }

    /// Called by `#[receiver]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_metadata(mut self) -> Self {
        self.wants_metadata = true;
        self
    }

    /// Called by `#[receiver]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_async(mut self) -> Self {
        self.is_async = true;
        self
    }

    /// Called by `#[receiver]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_durable(mut self) -> Self {
        self.is_durable = true;
        self
    }

    /// The crate that the receiver stands in.
    pub fn plugin(&self) -> &str {
        self.module.split("::").next().unwrap_or(self.module)
    }

    /// Whether the receiver has this id, or had it under an alias.
    pub fn is_called(&self, id: &str) -> bool {
        self.id == id || self.aliases.contains(&id)
    }

    /// The declared order: by priority, then by id; closures come after the receivers of their priority that the
    /// linker found, in the order in which they were connected (the sort is stable).
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.priority
            .cmp(&other.priority)
            .then_with(|| match (self.kind, other.kind) {
                (ReceiverKind::Connected, ReceiverKind::Connected) => Ordering::Equal,
                (ReceiverKind::Connected, _) => Ordering::Greater,
                (_, ReceiverKind::Connected) => Ordering::Less,
                _ => self.id.cmp(&other.id),
            })
    }
}
