//! What can go wrong with a transport.

use std::error::Error;
use std::fmt;

/// Why a transport did not do what it was asked for. It names the transport and what was tried, and never payload.
pub struct TransportError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: TransportErrorKind,
    transport: &'static str,
    message: Box<str>,
    outcome_unknown: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// It cannot be reached, or did not answer in time. Trying again may help.
    Unavailable,
    /// It has no room: a disk or the memory of a broker is full, or a bounded queue. Trying again may help.
    Full,
    /// The consumer no longer leads its group.
    LostLease,
    /// What it keeps is damaged. Trying again does not help.
    Corrupt,
    /// It refuses what was asked for: wrong password, a command it does not know, a name it does not take.
    Refused,
}

impl TransportError {
    /// An error of this kind; `message` says what was tried, and what to do.
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

    /// With what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// It is not known whether what was asked for happened.
    #[must_use]
    pub fn outcome_unknown(mut self) -> Self {
        self.0.outcome_unknown = true;
        self
    }

    /// The same for another caller, who has waited for the same attempt.
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

    /// What kind of trouble it is.
    pub fn kind(&self) -> TransportErrorKind {
        self.0.kind
    }

    /// Whether it is unknown that what was asked for happened.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.0.kind,
            TransportErrorKind::Unavailable | TransportErrorKind::Full
        )
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
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
