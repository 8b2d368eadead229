//! What is wrong with a configuration.

use core::cell::RefCell;
use core::fmt;
use std::collections::BTreeSet;

use super::layer::Layer;
use super::origin::Origin;

/// The kinds of problems that a configuration can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// The file cannot be read: it is not there, is not UTF-8, or its extension tells no format.
    Unreadable,
    /// The text is not TOML, or not JSON.
    Syntax,
    /// A key is given twice in one table.
    DuplicateKey,
    /// There is no such key.
    UnknownKey,
    /// A required key is not there.
    MissingKey,
    /// The value is of another type than the key takes.
    WrongType,
    /// The value is of the right type, but cannot be what it says: an empty name, a service with a space in it.
    InvalidValue,
    /// The number or the duration is too small or too large.
    OutOfRange,
    /// Two settings exclude each other.
    Conflict,
    /// A setting of Open edX that has no meaning here: `sender_path`.
    Unsupported,
    /// Receivers are configured, but no layer says which service is running.
    NoService,
    /// The service is none of those that are known, or looks like a slip of the pen.
    UnknownService,
    /// The process cannot be named after the service.
    ServiceName,
    /// The plugin is not linked into this binary, or does not state itself.
    MissingPlugin,
    /// The plugin has no receivers in the module that `relative_path` names.
    UnknownModule,
    /// The plugin has no such receiver.
    UnknownReceiver,
    /// The plugin has several receivers of that name, or the binary several of that id.
    AmbiguousReceiver,
    /// The receiver is not annotated with `manual`: it is always connected.
    NotManual,
    /// This binary has no such signal.
    UnknownSignal,
    /// This binary has several signals of that name.
    AmbiguousSignal,
    /// The receiver is not annotated with the signal.
    SignalNotReceived,
    /// Two connections of one signal have one `dispatch_uid`.
    DuplicateDispatchUid,
    /// A receiver is connected to one signal twice.
    DuplicateReceiver,
    /// This binary has no event of that type.
    UnknownEvent,
    /// The event has no such field, or its field cannot be what it is to be.
    UnknownField,
}

/// One thing that is wrong with a configuration.
///
/// As text it is one line: where it is, what was given, what was expected, and what to do.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    kind: ConfigErrorKind,
    origin: Origin,
    message: String,
}

impl ConfigError {
    pub(super) fn new(kind: ConfigErrorKind, origin: Origin, message: impl Into<String>) -> Self {
        Self {
            kind,
            origin,
            message: message.into(),
        }
    }

    /// What kind of problem it is.
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// Where it is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What was given, what was expected, and what to do; one line, without the origin.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}

impl core::error::Error for ConfigError {}

/// Everything that is wrong with a configuration, layer by layer and line by line. Never empty.
///
/// As text it is a headline and one line for each problem.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// The problems.
    pub fn iter(&self) -> core::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = core::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(
            f,
            "the configuration has {count} problem{}",
            if count == 1 { "" } else { "s" }
        )?;
        for error in &self.0 {
            write!(f, "\n- {error}")?;
        }
        Ok(())
    }
}

impl core::error::Error for ConfigErrors {}

/// Problems on their way to [`ConfigErrors`].
#[derive(Debug, Default)]
pub(super) struct Report {
    errors: RefCell<Vec<ConfigError>>,
    /// The paths of keys that something else was a misspelling of: whether they are missing as well is not known.
    misspelt: RefCell<BTreeSet<String>>,
}

impl Report {
    pub(super) fn add(&self, error: ConfigError) {
        self.errors.borrow_mut().push(error);
    }

    pub(super) fn count(&self) -> usize {
        self.errors.borrow().len()
    }

    pub(super) fn has(&self, origin: &Origin) -> bool {
        let errors = self.errors.borrow();
        errors.iter().any(|error| error.origin == *origin)
    }

    pub(super) fn misspelt(&self, path: String) {
        self.misspelt.borrow_mut().insert(path);
    }

    pub(super) fn is_misspelt(&self, path: &str) -> bool {
        self.misspelt.borrow().contains(path)
    }

    /// The problems as they came, and the misspelt keys.
    pub(super) fn into_parts(self) -> (Vec<ConfigError>, BTreeSet<String>) {
        (self.errors.into_inner(), self.misspelt.into_inner())
    }

    /// The problems in the order of the layers and lines.
    pub(super) fn finish(self, layers: &[Layer]) -> Result<(), ConfigErrors> {
        let mut errors = self.errors.into_inner();
        if errors.is_empty() {
            return Ok(());
        }
        let layer = |error: &ConfigError| {
            let mut layers = layers.iter();
            layers.position(|layer| layer.source.has(&error.origin))
        };
        errors.sort_by_cached_key(|error| (layer(error), error.origin.position()));
        Err(ConfigErrors(errors))
    }
}
