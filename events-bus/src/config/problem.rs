//! Problems of a configuration.

use std::fmt;

use events_core::config::ConfigErrorKind;
use events_core::config::kit::dotted;

/// A problem of a configuration.
///
/// As text it is one line: which key of the table `bus`, what was given, what was expected, and what to do.
#[derive(Clone, PartialEq, Eq)]
pub struct BusConfigError {
    pub(super) kind: ConfigErrorKind,
    pub(super) path: Path,
    /// Other keys that have to do with it. If the key is missing, each of them would do instead.
    pub(super) also: Vec<Path>,
    /// The key that makes a missing key necessary.
    pub(super) required_by: Option<Path>,
    pub(super) message: String,
}

impl BusConfigError {
    /// Returns the kind of the problem.
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// The key that it is about: `bus.outbox.capacity`.
    pub fn key(&self) -> String {
        self.path.to_string()
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for BusConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BusConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BusConfigError {}

/// Everything that is wrong with a configuration of a bus. Never empty.
///
/// As text it is a headline and one line for each problem.
#[derive(Clone, PartialEq, Eq)]
pub struct BusConfigErrors(pub(super) Vec<BusConfigError>);

impl BusConfigErrors {
    /// The problems.
    pub fn iter(&self) -> std::slice::Iter<'_, BusConfigError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a BusConfigErrors {
    type Item = &'a BusConfigError;
    type IntoIter = std::slice::Iter<'a, BusConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for BusConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BusConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let s = if count == 1 { "" } else { "s" };
        write!(f, "the configuration of the bus has {count} problem{s}")?;
        for problem in &self.0 {
            write!(f, "\n- {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BusConfigErrors {}

/// Place in the table `bus`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
}

impl Path {
    /// A path of keys.
    pub(super) fn of(keys: &[&str]) -> Self {
        keys.iter().fold(Self::default(), |path, key| path.key(key))
    }

    /// A path of keys without special characters, with dots between them.
    pub(super) fn dotted(keys: &str) -> Self {
        keys.split('.').fold(Self::default(), Self::key)
    }

    pub(super) fn key(mut self, key: &str) -> Self {
        self.0.push(Step::Key(key.to_owned()));
        self
    }

    pub(super) fn item(mut self, index: usize) -> Self {
        self.0.push(Step::Item(index));
        self
    }

    /// The steps as a section of a configuration takes them.
    pub(super) fn steps(&self) -> Vec<String> {
        let steps = self.0.iter().map(|step| match step {
            Step::Key(key) => key.clone(),
            Step::Item(index) => index.to_string(),
        });
        steps.collect()
    }
}

/// As TOML writes it: `bus.consumer.subscriptions[0].group`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self
            .0
            .iter()
            .fold("bus".to_owned(), |path, step| match step {
                Step::Key(key) => dotted(&path, key),
                Step::Item(index) => format!("{path}[{index}]"),
            });
        f.write_str(&path)
    }
}
