//! A table of a configuration that is another crate's, in all layers.

use super::super::Config;
use super::super::decode::SECTIONS;
use super::super::error::{ConfigError, ConfigErrorKind, ConfigErrors, Report};
use super::super::layer::Layer;
use super::super::origin::{Origin, Position};
use super::super::tree::{Node, Value};
use super::super::words::dotted;
use super::table::{Naming, Table};

impl Config {
    /// A table that another crate reads: `bus`. See [`kit`](super).
    ///
    /// # Panics
    /// When no table of this name is left to other crates.
    pub fn section(&self, key: &'static str) -> Section<'_> {
        assert!(
            SECTIONS.contains(&key),
            "`{key}` is not among the tables that are left to other crates: {SECTIONS:?}"
        );
        let report = Report::default();
        for layer in &self.layers {
            for error in &layer.errors {
                report.add(error.clone());
            }
            for path in &layer.misspelt {
                report.misspelt(path.clone());
            }
        }
        Section {
            key,
            layers: &self.layers,
            report,
        }
    }
}

/// A table that another crate reads, in all layers of a configuration. See the [module](super).
#[derive(Debug)]
pub struct Section<'a> {
    key: &'static str,
    layers: &'a [Layer],
    report: Report,
}

impl Section<'_> {
    /// Reads the table of each layer that has it, earlier layers first: what a later one says counts instead.
    pub fn read(&self, mut read: impl FnMut(&mut Table<'_>)) {
        for layer in self.layers {
            let Some(entry) = layer.section(self.key) else {
                continue;
            };
            let Value::Table(entries) = &entry.node.value else {
                continue;
            };
            let from = (&layer.source, &self.report);
            let path = self.key.to_owned();
            Table::read(from, (entries, entry.at), path, Naming::Paths, &mut read);
        }
    }

    /// Where a value stands that counts: that of the last layer that has one. `path` is within the table: keys, and the
    /// numbers of items from 0. A table stands where its key does.
    pub fn origin_of(&self, path: &[&str]) -> Option<Origin> {
        self.layers.iter().rev().find_map(|layer| {
            let entry = layer.section(self.key)?;
            let (at, _) = path.iter().try_fold((entry.at, &entry.node), step)?;
            Some(layer.source.at(at))
        })
    }

    /// The same, or else where the innermost table or array stands that it would be in.
    pub fn origin_near(&self, path: &[&str]) -> Origin {
        let shorter = (0..=path.len()).rev();
        let mut found = shorter.filter_map(|length| self.origin_of(path.get(..length)?));
        found.next().unwrap_or_else(|| self.origin())
    }

    /// Where to say that something is missing: the table of the last layer that has it; or else the last source.
    pub fn origin(&self) -> Origin {
        let whole = || self.layers.last().map(|layer| layer.source.whole());
        self.origin_of(&[])
            .or_else(whole)
            .unwrap_or_else(Origin::of_nothing)
    }

    /// Reports something that is wrong.
    pub fn problem(&self, kind: ConfigErrorKind, origin: Origin, message: impl Into<String>) {
        self.report.add(ConfigError::new(kind, origin, message));
    }

    /// Whether something was reported to be wrong at this place.
    pub fn is_told(&self, origin: &Origin) -> bool {
        self.report.has(origin)
    }

    /// Reports that none of these keys is in any layer. Not where one is misspelt, and not where it may be in what could not
    /// be read. An empty path means the table itself.
    pub fn missing(&self, keys: &[&[&str]], origin: Origin, message: impl Into<String>) {
        let unread = self.layers.iter().any(|layer| layer.unread);
        let told = |path: &&[&str]| self.origin_of(path).is_some() || self.is_misspelt(path);
        if !unread && !keys.iter().any(told) {
            self.problem(ConfigErrorKind::MissingKey, origin, message);
        }
    }

    /// Whether the key, or a table that it would be in, is there under another name.
    fn is_misspelt(&self, path: &[&str]) -> bool {
        let mut dotted_path = self.key.to_owned();
        let mut misspelt = self.report.is_misspelt(&dotted_path);
        for key in path {
            dotted_path = dotted(&dotted_path, key);
            misspelt |= self.report.is_misspelt(&dotted_path);
        }
        misspelt
    }

    /// Whether a layer has the table.
    pub fn is_there(&self) -> bool {
        self.layers
            .iter()
            .any(|layer| layer.section(self.key).is_some())
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// With everything that is wrong with this table, and with the form of the layers it is in.
    pub fn finish(self) -> Result<(), ConfigErrors> {
        self.report.finish(self.layers)
    }
}

/// Into a table by a key, or into an array by a number.
fn step<'a>((_, node): (Position, &'a Node), key: &&str) -> Option<(Position, &'a Node)> {
    match &node.value {
        Value::Table(entries) => {
            let entry = entries.iter().find(|entry| entry.key == *key)?;
            let at = match entry.node.value {
                Value::Table(_) => entry.at,
                _ => entry.node.at,
            };
            Some((at, &entry.node))
        }
        Value::Array(items) => {
            let item = items.get(key.parse::<usize>().ok()?)?;
            Some((item.at, item))
        }
        _ => None,
    }
}
