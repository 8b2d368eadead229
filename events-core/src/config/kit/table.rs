//! A table of a configuration that is being read.

use core::ops::RangeInclusive;
use std::time::Duration;

use super::super::error::{ConfigError, ConfigErrorKind, Report};
use super::super::origin::{Format, Located, Origin, Position, Source};
use super::super::tree::{Entry, Node, Value};
use super::super::words::{did_you_mean, dotted, list, nearest, quoted, quoted_path};
use super::limits::{duration_out_of_range, number_out_of_range, parse};

/// A table of one layer, which is being read.
///
/// Every method takes the value of one key, and answers `None` where the key is not there, or where its value is wrong, which
/// is then reported. A key that nothing asked for by the end of the reading is reported as unknown: so what is read here is the
/// only list of the keys that there are.
#[derive(Debug)]
pub struct Table<'a> {
    source: &'a Source,
    report: &'a Report,
    entries: &'a [Entry],
    at: Position,
    /// The dotted path; empty at the top.
    path: String,
    naming: Naming,
    known: Vec<&'static str>,
    required: Vec<&'static str>,
    /// Keys that may be there and are not listed among those there are.
    unlisted: Vec<&'static str>,
}

/// How messages name a table and its keys.
#[derive(Debug, Clone)]
pub(in super::super) enum Naming {
    /// Both by their paths.
    Paths,
    /// The table by its path, its keys by themselves.
    Keys,
    /// The table as an item of the array of this key, its keys by themselves.
    Item(&'static str),
}

impl Naming {
    /// How messages name the table of a path, or a value that stands where a table could.
    fn table(&self, path: &str) -> String {
        match self {
            Self::Paths | Self::Keys => quoted_path(path),
            Self::Item(key) => format!("an item of `{key}`"),
        }
    }
}

impl<'a> Table<'a> {
    pub(in super::super) fn read<R>(
        (source, report): (&'a Source, &'a Report),
        (entries, at): (&'a [Entry], Position),
        path: String,
        naming: Naming,
        read: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let mut table = Self {
            source,
            report,
            entries,
            at,
            path,
            naming,
            known: Vec::new(),
            required: Vec::new(),
            unlisted: Vec::new(),
        };
        let result = read(&mut table);
        table.finish();
        result
    }

    /// Where the table begins.
    pub fn origin(&self) -> Origin {
        self.source.at(self.at)
    }

    /// Whether the key is there, with whatever value.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Where the value of a key stands, whatever it is.
    pub fn origin_of(&self, key: &str) -> Option<Origin> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(self.source.at(entry.node.at))
    }

    /// Says that keys must be there, in this very layer.
    pub fn require(&mut self, keys: &[&'static str]) {
        self.required.extend(keys);
    }

    /// Reports something that is wrong.
    pub fn problem(&self, kind: ConfigErrorKind, origin: Origin, message: impl Into<String>) {
        self.report.add(ConfigError::new(kind, origin, message));
    }

    /// Refuses a key that people may expect to be there.
    pub(in super::super) fn unsupported(&mut self, key: &'static str, message: &str) {
        self.unlisted.push(key);
        if let Some(entry) = self.entries.iter().find(|entry| entry.key == key) {
            let origin = self.source.at(entry.at);
            self.problem(ConfigErrorKind::Unsupported, origin, message);
        }
    }

    /// A text that is not empty. `example` is one.
    pub fn text(&mut self, key: &'static str, example: &str) -> Option<Located<String>> {
        let node = &self.take(key)?.node;
        self.text_of(&self.name(key), example, node)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str) -> Option<Located<bool>> {
        let node = &self.take(key)?.node;
        if let Value::Boolean(value) = node.value {
            return Some(self.located(value, node));
        }
        let expected = "a boolean; write `true` or `false`, without quotes";
        self.wrong(&self.name(key), node, expected);
        None
    }

    /// A whole number within limits.
    pub fn integer(
        &mut self,
        key: &'static str,
        limits: RangeInclusive<i64>,
    ) -> Option<Located<i64>> {
        let node = &self.take(key)?.node;
        let name = self.name(key);
        let Value::Integer(number) = node.value else {
            let expected = "a whole number; write it in digits, without quotes";
            self.wrong(&name, node, expected);
            return None;
        };
        if let Some(message) = number_out_of_range(&name, number, &limits) {
            self.problem(
                ConfigErrorKind::OutOfRange,
                self.source.at(node.at),
                message,
            );
            return None;
        }
        Some(self.located(number, node))
    }

    /// A duration within limits: a text such as `"5s"`, `"250ms"`, `"1h 30m"`, `"7d"`.
    pub fn duration(
        &mut self,
        key: &'static str,
        limits: RangeInclusive<Duration>,
    ) -> Option<Located<Duration>> {
        let node = &self.take(key)?.node;
        let name = self.name(key);
        let Value::String(text) = &node.value else {
            let expected =
                "a duration; write it in quotes and with its unit, such as `\"5s\"` or `\"250ms\"`";
            self.wrong(&name, node, expected);
            return None;
        };
        let origin = self.source.at(node.at);
        let Some(duration) = parse(text) else {
            let message = format!(
                "{name} is {}, expected a duration; write a number and its unit, such as `5s`, `250ms`, `10m`, `2h` or `7d`",
                quoted(text)
            );
            self.problem(ConfigErrorKind::InvalidValue, origin, message);
            return None;
        };
        if let Some(message) = duration_out_of_range(&name, duration, &limits) {
            self.problem(ConfigErrorKind::OutOfRange, origin, message);
            return None;
        }
        Some(Located::new(duration, origin))
    }

    /// One of these texts, as what it stands for.
    pub fn one_of<T: Copy>(
        &mut self,
        key: &'static str,
        values: &[(&str, T)],
    ) -> Option<Located<T>> {
        let node = &self.take(key)?.node;
        let name = self.name(key);
        let texts = || values.iter().map(|(text, _)| *text);
        let Value::String(given) = &node.value else {
            let expected = format!("one of {}; write it in quotes", list(texts(), "none"));
            self.wrong(&name, node, &expected);
            return None;
        };
        if let Some((_, value)) = values.iter().find(|(text, _)| text == given) {
            return Some(self.located(*value, node));
        }
        let message = format!(
            "{name} is {}, which is none of its values{} they are {}; write one of them",
            quoted(given),
            did_you_mean(given, texts()),
            list(texts(), "none"),
        );
        self.problem(
            ConfigErrorKind::InvalidValue,
            self.source.at(node.at),
            message,
        );
        None
    }

    /// Texts that are not empty; `None` stands for those that are wrong. `items` says what they are, `of names`, and `example` is
    /// one.
    pub fn texts(
        &mut self,
        key: &'static str,
        items: &str,
        example: &str,
    ) -> Option<Located<Vec<Option<Located<String>>>>> {
        let (node, nodes) = self.array(key, items)?;
        let mut texts = Vec::new();
        for (index, item) in nodes.iter().enumerate() {
            let naming = match self.naming {
                Naming::Paths => Naming::Paths,
                Naming::Keys | Naming::Item(_) => Naming::Item(key),
            };
            let name = naming.table(&format!("{}[{index}]", self.path_of(key)));
            texts.push(self.text_of(&name, example, item));
        }
        Some(self.located(texts, node))
    }

    /// A table, which `read` is given.
    pub fn table<R>(&mut self, key: &'static str, read: impl FnOnce(&mut Self) -> R) -> Option<R> {
        let at = self.take_table(key)?;
        let from = (self.source, self.report);
        Some(Table::read(
            from,
            at,
            self.path_of(key),
            self.naming_within(),
            read,
        ))
    }

    /// Tables in an array, which `read` is given one after the other; `None` stands for what is no table. `items` says what they
    /// are: `of subscriptions`.
    pub fn tables<R>(
        &mut self,
        key: &'static str,
        items: &str,
        mut read: impl FnMut(&mut Self) -> R,
    ) -> Option<Located<Vec<Option<R>>>> {
        let (node, nodes) = self.array(key, items)?;
        let mut read_items = Vec::new();
        for (index, item) in nodes.iter().enumerate() {
            let path = format!("{}[{index}]", self.path_of(key));
            let naming = match self.naming {
                Naming::Paths => Naming::Paths,
                Naming::Keys | Naming::Item(_) => Naming::Item(key),
            };
            let entries = self.entries_of(&naming.table(&path), item);
            read_items.push(entries.map(|entries| {
                let from = (self.source, self.report);
                Table::read(from, (entries, item.at), path, naming, &mut read)
            }));
        }
        Some(self.located(read_items, node))
    }

    /// The tables within this one, under keys that anybody may choose. `accept` says whether a key can be one, and reports it if
    /// not; `read` is given each key and its table.
    pub fn each(
        &mut self,
        accept: impl Fn(&Self, &Located<String>) -> bool,
        mut read: impl FnMut(Located<String>, &mut Self),
    ) {
        for entry in self.entries {
            let key = Located::new(entry.key.clone(), self.source.at(entry.at));
            let path = dotted(&self.path, &entry.key);
            if !accept(self, &key) {
                continue;
            }
            if let Some(entries) = self.entries_of(&quoted_path(&path), &entry.node) {
                let from = (self.source, self.report);
                let naming = self.naming_within();
                Table::read(from, (entries, entry.at), path, naming, |table| {
                    read(key, table);
                });
            }
        }
        self.entries = &[];
    }

    /// Whether there is a table under a key that somebody else reads.
    pub(in super::super) fn keep(&mut self, key: &'static str) -> bool {
        self.take_table(key).is_some()
    }

    fn take_table(&mut self, key: &'static str) -> Option<(&'a [Entry], Position)> {
        let entry = self.take(key)?;
        let entries = self.entries_of(&self.name(key), &entry.node);
        if entries.is_none() {
            // What should stand in it is not missing on top of that.
            self.report.misspelt(self.path_of(key));
        }
        Some((entries?, entry.at))
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn path_of(&self, key: &str) -> String {
        dotted(&self.path, key)
    }

    /// How messages name a key.
    fn name(&self, key: &str) -> String {
        match self.naming {
            Naming::Paths => quoted_path(&self.path_of(key)),
            Naming::Keys | Naming::Item(_) => quoted(key),
        }
    }

    fn naming_within(&self) -> Naming {
        match self.naming {
            Naming::Paths => Naming::Paths,
            Naming::Keys | Naming::Item(_) => Naming::Keys,
        }
    }

    fn located<T>(&self, value: T, node: &Node) -> Located<T> {
        Located::new(value, self.source.at(node.at))
    }

    fn text_of(&self, name: &str, example: &str, node: &Node) -> Option<Located<String>> {
        let Value::String(text) = &node.value else {
            let expected = format!("a string; write it in quotes, such as `\"{example}\"`");
            self.wrong(name, node, &expected);
            return None;
        };
        if text.trim().is_empty() {
            let message = format!(
                "{name} is empty, expected a text such as {}; write one, or remove the key",
                quoted(example)
            );
            self.problem(
                ConfigErrorKind::InvalidValue,
                self.source.at(node.at),
                message,
            );
            return None;
        }
        Some(self.located(text.clone(), node))
    }

    fn array(&mut self, key: &'static str, items: &str) -> Option<(&'a Node, &'a [Node])> {
        let node = &self.take(key)?.node;
        if let Value::Array(nodes) = &node.value {
            return Some((node, nodes));
        }
        let expected = format!("an array {items}; write it in brackets, `[…]`");
        self.wrong(&self.name(key), node, &expected);
        None
    }

    fn entries_of(&self, name: &str, node: &'a Node) -> Option<&'a [Entry]> {
        if let Value::Table(entries) = &node.value {
            return Some(entries);
        }
        let expected = match self.source.format {
            Format::Toml => "a table; write `{ … }`, or give its keys under a header in brackets",
            Format::Json => "an object; write `{ … }`",
        };
        self.wrong(name, node, expected);
        None
    }

    /// A value of another type than the key takes.
    fn wrong(&self, name: &str, node: &Node, expected: &str) {
        let given = match (&node.value, self.source.format) {
            (Value::String(text), _) => format!("the string {}", quoted(text)),
            (Value::Boolean(value), _) => format!("the boolean `{value}`"),
            (Value::Integer(number), Format::Toml) => format!("the integer `{number}`"),
            (Value::Integer(number), Format::Json) => format!("the number `{number}`"),
            (Value::Array(_), _) => "an array".to_owned(),
            (Value::Table(_), Format::Toml) => "a table".to_owned(),
            (Value::Table(_), Format::Json) => "an object".to_owned(),
            (Value::Other { kind, text }, _) => format!("the {kind} {}", quoted(text)),
        };
        let message = format!("{name} is {given}, expected {expected}");
        self.problem(ConfigErrorKind::WrongType, self.source.at(node.at), message);
    }

    /// Reports the keys that are too many or too few. One that is there under a misspelt name is reported as that only.
    fn finish(&self) {
        let name = self.naming.table(&self.path);
        let mut misspelt = Vec::new();
        for entry in self.entries {
            let key = entry.key.as_str();
            if self.known.contains(&key) || self.unlisted.contains(&key) {
                continue;
            }
            if let Some(near) = nearest(key, &self.known) {
                misspelt.push(*near);
                self.report.misspelt(self.path_of(near));
            }
            let place = if self.path.is_empty() {
                "at the top".to_owned()
            } else {
                format!("in {name}")
            };
            let message = format!(
                "unknown key {} {place}{} the keys there are {}; write one of them, or remove it",
                quoted(key),
                did_you_mean(key, &self.known),
                list(&self.known, "none")
            );
            self.problem(
                ConfigErrorKind::UnknownKey,
                self.source.at(entry.at),
                message,
            );
        }
        for key in &self.required {
            if !self.has(key) && !misspelt.contains(key) {
                let message =
                    format!("key `{key}` is missing in {name}, where it is required; add it");
                self.problem(ConfigErrorKind::MissingKey, self.origin(), message);
            }
        }
    }
}
