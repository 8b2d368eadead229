//! Errors of transports.

use std::error::Error;
use std::fmt;

/// Error of a transport. It names the transport and the operation, and never payload.
pub struct TransportError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: TransportErrorKind,
    transport: &'static str,
    message: Box<str>,
    outcome_unknown: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Kind of a [`TransportError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The transport cannot be reached or did not answer in time. A retry may help.
    Unavailable,
    /// The transport has no room: a disk, the memory of a broker or a bounded queue is full. A retry may help.
    Full,
    /// The epoch of the call is old: another consumer leads the group, or it has no leader.
    LostLease,
    /// The stored data is damaged. A retry does not help.
    Corrupt,
    /// The transport refuses the operation: a wrong password, an unknown command, an invalid name.
    Refused,
}

impl TransportError {
    /// Creates an error. `message` names the operation and the remedy.
    pub fn new(
        kind: TransportErrorKind,
        transport: &'static str,
        message: impl Into<Box<str>>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            transport,
            message: message.into(),
            outcome_unknown: false,
            source: None,
        }))
    }

    /// Returns the error with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns the error with an unknown outcome: the operation may have happened.
    #[must_use]
    pub fn outcome_unknown(mut self) -> Self {
        self.0.outcome_unknown = true;
        self
    }

    /// Returns the same error for another caller of the same attempt.
    #[cfg(feature = "sqlite")]
    pub(crate) fn for_another(&self) -> Self {
        let inner = &self.0;
        let mut again = Self::new(inner.kind, inner.transport, &*inner.message);
        again.0.outcome_unknown = inner.outcome_unknown;
        match &inner.source {
            Some(source) => again.because(source.to_string()),
            None => again,
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> TransportErrorKind {
        self.0.kind
    }

    /// Returns `true` if the operation may have happened.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Returns `true` if a retry may help.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.0.kind,
            TransportErrorKind::Unavailable | TransportErrorKind::Full
        )
    }
}

/// Shows the text, because `main` and `unwrap` print this.
impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `sqlite: cannot open the store: unable to open database file`
impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.transport, self.0.message)?;
        match &self.0.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The cause is in the text already.
        self.0.source.as_ref().and_then(|source| source.source())
    }
}
