//! The check of settings.

use core::ops::RangeInclusive;
use std::time::Duration;

use events_core::config::ConfigErrorKind;
use events_core::config::kit::{duration_out_of_range, number_out_of_range, quoted, quoted_path};

/// A check of [`Settings`](super::Settings), which collects their problems.
///
/// Keys are relative to the table of the settings; a key of a table within it has a dot: `tls.certificate`. A message names what
/// was given, what was expected, and the remedy. In a configuration from files it gets the place of its key.
#[derive(Debug)]
pub struct Check<'a> {
    /// The table within `bus`.
    table: &'a str,
    /// The key within `bus` that chose the transport, and its value: `transport`, `sqlite`.
    chosen_by: (&'a str, &'a str),
    problems: Vec<Problem>,
}

/// A problem of settings. Its keys are paths within `bus`.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) kind: ConfigErrorKind,
    /// The key with the problem, then other keys that are part of it.
    pub(crate) keys: Vec<String>,
    /// The key that makes a missing key necessary.
    pub(crate) required_by: Option<String>,
    pub(crate) message: String,
}

impl<'a> Check<'a> {
    pub(crate) fn new(table: &'a str, chosen_by: (&'a str, &'a str)) -> Self {
        Self {
            table,
            chosen_by,
            problems: Vec::new(),
        }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Returns the table of the settings, within `bus`: the name of the transport, or `outbox`.
    pub fn table(&self) -> &str {
        self.table
    }

    /// Returns a key as messages name it: `` `bus.redis.url` ``.
    pub fn name(&self, key: &str) -> String {
        quoted_path(&format!("bus.{}", self.path(key)))
    }

    /// Reports a problem of a key. A configuration from files shows it at the first of the keys that is given.
    pub fn problem(&mut self, kind: ConfigErrorKind, keys: &[&str], message: impl Into<String>) {
        let keys = keys.iter().map(|key| self.path(key)).collect();
        self.problems.push(Problem {
            kind,
            keys,
            required_by: None,
            message: message.into(),
        });
    }

    /// Reports that a key is missing, or that all of several are of which one would do. `remedy` says what to add.
    pub fn missing(&mut self, keys: &[&str], remedy: &str) {
        let (chosen_by, value) = self.chosen_by;
        let chosen_key = chosen_by.rsplit('.').next().unwrap_or(chosen_by);
        let message = format!(
            "key {} is missing in {}, where {} requires it; {remedy}",
            quoted(keys.first().copied().unwrap_or_default()),
            quoted_path(&format!("bus.{}", self.table)),
            quoted(&format!("{chosen_key} = \"{value}\"")),
        );
        self.problems.push(Problem {
            kind: ConfigErrorKind::MissingKey,
            keys: keys.iter().map(|key| self.path(key)).collect(),
            required_by: Some(chosen_by.to_owned()),
            message,
        });
    }

    /// Reports a number outside its limits.
    pub fn number(&mut self, key: &str, number: impl TryInto<i64>, limits: &RangeInclusive<i64>) {
        let number = number.try_into().unwrap_or(i64::MAX);
        if let Some(message) = number_out_of_range(&self.name(key), number, limits) {
            self.problem(ConfigErrorKind::OutOfRange, &[key], message);
        }
    }

    /// Reports a duration outside its limits.
    pub fn duration(&mut self, key: &str, duration: Duration, limits: &RangeInclusive<Duration>) {
        if let Some(message) = duration_out_of_range(&self.name(key), duration, limits) {
            self.problem(ConfigErrorKind::OutOfRange, &[key], message);
        }
    }

    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.table)
    }
}
