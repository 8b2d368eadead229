//! The tree as a layer of configuration: which keys there are, and what they take.

use std::sync::Arc;

use super::error::{ConfigError, ConfigErrorKind};
use super::origin::{Located, Origin, Position};
use super::suggest::{did_you_mean, list, nearest, quoted};
use super::tree::{Entry, Node, Parsed, Value};

const ROOT: &[&str] = &["service", "services", "plugins"];
const PLUGIN: &[&str] = &["signals_config"];
const SERVICE: &[&str] = &["relative_path", "receivers"];
const RECEIVER: &[&str] = &["receiver_func_name", "signal_path", "dispatch_uid"];

/// One source of configuration, as far as it can be understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) service: Option<Located<String>>,
    pub(super) services: Vec<Located<String>>,
    pub(super) tables: Vec<ServiceTable>,
    pub(super) errors: Vec<ConfigError>,
    /// Nothing may be concluded from a service that is not named: it may be named in what could not be read.
    pub(super) incomplete: bool,
}

/// What one plugin configures for one service.
#[derive(Debug, Clone)]
pub(super) struct ServiceTable {
    /// As written.
    pub(super) plugin: Located<String>,
    /// As written: `lms` or `lms.djangoapp`.
    pub(super) service: Located<String>,
    pub(super) relative_path: Option<Located<String>>,
    pub(super) receivers: Vec<ReceiverEntry>,
}

/// One receiver to connect. What is missing was reported.
#[derive(Debug, Clone)]
pub(super) struct ReceiverEntry {
    pub(super) origin: Origin,
    pub(super) function: Option<Located<String>>,
    pub(super) signal: Option<Located<String>>,
    pub(super) dispatch_uid: Option<Located<String>>,
}

impl ServiceTable {
    /// The name of the service, without the `djangoapp`.
    pub(super) fn service_name(&self) -> &str {
        let key = self.service.value.as_str();
        key.strip_suffix(".djangoapp").unwrap_or(key)
    }

    /// The name of the crate, as Rust code writes it.
    pub(super) fn crate_name(&self) -> String {
        crate_name(&self.plugin.value)
    }
}

pub(super) fn crate_name(plugin: &str) -> String {
    plugin.replace('-', "_")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Json,
}

/// What is wrong with a name of a service, and what to do.
pub(super) fn service_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("is empty, expected a name such as `lms`; write one".to_owned());
    }
    if let Some(name) = name.strip_suffix(".djangoapp") {
        let name = quoted(name);
        return Err(format!(
            "has the ending of a key of `signals_config`, expected the bare name; write {name}"
        ));
    }
    if name
        .chars()
        .all(|char| char.is_alphanumeric() || matches!(char, '-' | '_'))
    {
        Ok(())
    } else {
        Err("is no name of a service, expected letters, digits, `-` and `_`; write a name such as `lms`".to_owned())
    }
}

pub(super) fn decode(parsed: Parsed, source: &Arc<str>, format: Format) -> Layer {
    let mut decoder = Decoder {
        source,
        format,
        layer: Layer::default(),
    };
    for (kind, at, message) in parsed.problems {
        decoder.error(kind, at, message);
    }
    match parsed.root {
        Some(root) => decoder.root(root),
        None => decoder.layer.incomplete = true,
    }
    decoder.layer
}

struct Decoder<'a> {
    source: &'a Arc<str>,
    format: Format,
    layer: Layer,
}

impl Decoder<'_> {
    fn error(&mut self, kind: ConfigErrorKind, at: Position, message: impl Into<String>) {
        let origin = Origin::new(self.source, at);
        self.layer
            .errors
            .push(ConfigError::new(kind, origin, message));
    }

    fn root(&mut self, root: Vec<Entry>) {
        for entry in root {
            match entry.key.as_str() {
                "service" => {
                    self.layer.service = self.service("`service`", entry.node);
                    self.layer.incomplete |= self.layer.service.is_none();
                }
                "services" => {
                    let what = "`services`";
                    for item in self.array(what, "of names, such as `[\"billing\"]`", entry.node) {
                        let service = self.service("an item of `services`", item);
                        self.layer.incomplete |= service.is_none();
                        self.layer.services.extend(service);
                    }
                }
                "plugins" => {
                    let entries = self.table("`plugins`", entry.node);
                    for entry in entries {
                        self.plugin(entry);
                    }
                }
                _ => self.unknown(&entry, "", ROOT),
            }
        }
    }

    fn plugin(&mut self, entry: Entry) {
        let crate_like = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_');
        if entry.key.is_empty() || !entry.key.chars().all(crate_like) {
            let message = format!(
                "plugin {} is no name of a crate, expected letters, digits, `-` and `_`; write the name of the plugin's crate",
                quoted(&entry.key)
            );
            self.error(ConfigErrorKind::InvalidValue, entry.at, message);
            return;
        }
        let plugin = Located {
            origin: Origin::new(self.source, entry.at),
            value: entry.key,
        };
        let path = format!("plugins.{}", plugin.value);
        for entry in self.table(&quoted(&path), entry.node) {
            if entry.key != "signals_config" {
                self.unknown(&entry, &path, PLUGIN);
                continue;
            }
            for entry in self.table("`signals_config`", entry.node) {
                self.service_table(&plugin, entry);
            }
        }
    }

    fn service_table(&mut self, plugin: &Located<String>, entry: Entry) {
        let mut table = ServiceTable {
            plugin: plugin.clone(),
            service: Located {
                origin: Origin::new(self.source, entry.at),
                value: entry.key,
            },
            relative_path: None,
            receivers: Vec::new(),
        };
        let same = self.layer.tables.iter().find(|other| {
            other.crate_name() == table.crate_name() && other.service_name() == table.service_name()
        });
        if let Some(same) = same {
            let message = format!(
                "`signals_config` of plugin {} for service {} is given twice, first as {} at {}; put both into one",
                quoted(&table.crate_name()),
                quoted(table.service_name()),
                quoted(&same.service.value),
                same.service.origin
            );
            self.error(ConfigErrorKind::DuplicateKey, entry.at, message);
        }
        let Value::Table(entries) = entry.node.value else {
            self.table("a service in `signals_config`", entry.node);
            return;
        };
        let path = format!(
            "plugins.{}.signals_config.{}",
            plugin.value, table.service.value
        );
        self.required(&entries, &["receivers"], SERVICE, &path, entry.at);
        for entry in entries {
            match entry.key.as_str() {
                "relative_path" => {
                    table.relative_path = self.text("`relative_path`", "receivers", entry.node);
                }
                "receivers" => {
                    let items = self.array("`receivers`", "of receivers to connect", entry.node);
                    let receivers = items.into_iter().filter_map(|item| self.receiver(item));
                    table.receivers = receivers.collect();
                }
                _ => self.unknown(&entry, &path, SERVICE),
            }
        }
        self.layer.tables.push(table);
    }

    fn receiver(&mut self, node: Node) -> Option<ReceiverEntry> {
        let at = node.at;
        let mut receiver = ReceiverEntry {
            origin: Origin::new(self.source, at),
            function: None,
            signal: None,
            dispatch_uid: None,
        };
        let what = "an item of `receivers`";
        let Value::Table(entries) = node.value else {
            self.table(what, node);
            return None;
        };
        let required = &["receiver_func_name", "signal_path"];
        self.required(&entries, required, RECEIVER, what, at);
        for entry in entries {
            match entry.key.as_str() {
                "receiver_func_name" => {
                    receiver.function =
                        self.text("`receiver_func_name`", "warn_of_login", entry.node);
                }
                "signal_path" => {
                    let example = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED";
                    receiver.signal = self.text("`signal_path`", example, entry.node);
                }
                "dispatch_uid" => {
                    receiver.dispatch_uid =
                        self.text("`dispatch_uid`", "greeter.warn_of_login", entry.node);
                }
                "sender_path" => self.error(
                    ConfigErrorKind::Unsupported,
                    entry.at,
                    "key `sender_path` is not supported, as events have no sender here: a receiver is connected to all \
                     events of its signal; remove the key",
                ),
                _ => self.unknown(&entry, what, RECEIVER),
            }
        }
        Some(receiver)
    }

    fn unknown(&mut self, entry: &Entry, path: &str, known: &[&str]) {
        let key = quoted(&entry.key);
        let place = match path {
            "" => "at the top".to_owned(),
            path if path.contains('`') => format!("in {path}"),
            path => format!("in {}", quoted(path)),
        };
        let message = format!(
            "unknown key {key} {place}{} the keys there are {}; write one of them, or remove it",
            did_you_mean(&entry.key, known.iter()),
            list(known, "none")
        );
        self.error(ConfigErrorKind::UnknownKey, entry.at, message);
    }

    /// A key that is there under a misspelt name is reported as that only.
    fn required(
        &mut self,
        entries: &[Entry],
        required: &[&str],
        known: &[&str],
        path: &str,
        at: Position,
    ) {
        for key in required {
            let there = entries.iter().any(|entry| entry.key == *key);
            let misspelt = entries.iter().any(|entry| {
                !known.contains(&entry.key.as_str())
                    && nearest(&entry.key, known.iter()).is_some_and(|near| near == key)
            });
            if !there && !misspelt {
                let place = if path.contains('`') {
                    path.to_owned()
                } else {
                    quoted(path)
                };
                let message =
                    format!("key `{key}` is missing in {place}, where it is required; add it");
                self.error(ConfigErrorKind::MissingKey, at, message);
            }
        }
    }

    /// A value that is a table; none of its entries where it is none.
    fn table(&mut self, what: &str, node: Node) -> Vec<Entry> {
        match node.value {
            Value::Table(entries) => entries,
            value => {
                let expected = match self.format {
                    Format::Toml => {
                        "a table; write `{ … }`, or give its keys under a header in brackets"
                    }
                    Format::Json => "an object; write `{ … }`",
                };
                let given = self.given(&value);
                let message = format!("{what} is {given}, expected {expected}");
                self.error(ConfigErrorKind::WrongType, node.at, message);
                Vec::new()
            }
        }
    }

    fn array(&mut self, what: &str, items: &str, node: Node) -> Vec<Node> {
        match node.value {
            Value::Array(items) => items,
            value => {
                let given = self.given(&value);
                let message = format!(
                    "{what} is {given}, expected an array {items}; write it in brackets, `[…]`"
                );
                self.error(ConfigErrorKind::WrongType, node.at, message);
                Vec::new()
            }
        }
    }

    fn text(&mut self, what: &str, example: &str, node: Node) -> Option<Located<String>> {
        let message = match node.value {
            Value::String(text) if !text.trim().is_empty() => {
                return Some(Located {
                    value: text,
                    origin: Origin::new(self.source, node.at),
                });
            }
            Value::String(_) => {
                let message = format!(
                    "{what} is empty, expected a text such as {}; write one, or remove the key",
                    quoted(example)
                );
                self.error(ConfigErrorKind::InvalidValue, node.at, message);
                return None;
            }
            value => {
                let given = self.given(&value);
                format!(
                    "{what} is {given}, expected a string; write it in quotes, such as `\"{example}\"`"
                )
            }
        };
        self.error(ConfigErrorKind::WrongType, node.at, message);
        None
    }

    fn service(&mut self, what: &str, node: Node) -> Option<Located<String>> {
        let service = self.text(what, "lms", node)?;
        match service_name(&service.value) {
            Ok(()) => Some(service),
            Err(problem) => {
                let message = format!("{what}, {}, {problem}", quoted(&service.value));
                let error =
                    ConfigError::new(ConfigErrorKind::InvalidValue, service.origin, message);
                self.layer.errors.push(error);
                None
            }
        }
    }

    fn given(&self, value: &Value) -> String {
        match (value, self.format) {
            (Value::String(text), _) => format!("the string {}", quoted(text)),
            (Value::Array(_), _) => "an array".to_owned(),
            (Value::Table(_), Format::Toml) => "a table".to_owned(),
            (Value::Table(_), Format::Json) => "an object".to_owned(),
            (Value::Other { kind, text }, _) => format!("the {kind} {}", quoted(text)),
        }
    }
}
