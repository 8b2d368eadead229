//! What a configuration says, value by value, and where.

use core::fmt;
use std::collections::BTreeMap;

use super::Config;
use super::layer::{Layer, ServiceTable};
use super::origin::{Located, Origin, Source};
use super::secrets::shown;
use super::tree::{Node, Value};
use super::words::dotted;

impl Config {
    /// Every value that could be read, in the order of the layers, each with its origin; overridden ones, too. Passwords are
    /// not shown.
    ///
    /// It is what `events config explain` shows. Values are listed whether or not the configuration is correct.
    pub fn values(&self) -> Vec<ConfigValue> {
        let mut values = Vec::new();
        // What counts: the last value of each setting, and the number of its layer.
        let mut last = BTreeMap::new();
        for (number, layer) in self.layers.iter().enumerate() {
            for (setting, value) in layer_values(layer) {
                if let Some(setting) = setting {
                    // Items of one array are one setting, which begins where the first of them does.
                    let origin = || (number, value.origin.clone());
                    let of_layer = last.entry(setting.clone()).or_insert_with(origin);
                    if of_layer.0 != number {
                        *of_layer = origin();
                    }
                    values.push((number, Some(setting), value));
                } else {
                    values.push((number, None, value));
                }
            }
        }
        let values = values.into_iter().map(|(number, setting, mut value)| {
            let counts = setting.and_then(|setting| last.get(&setting));
            value.overridden_by = counts
                .filter(|(of_layer, _)| *of_layer != number)
                .map(|(_, origin)| origin.clone());
            value
        });
        values.collect()
    }
}

/// The values of one layer. With each that a later layer can override, the setting it is.
fn layer_values(layer: &Layer) -> Vec<(Option<String>, ConfigValue)> {
    let mut values = Vec::new();
    if let Some(service) = &layer.service {
        let key = "service".to_owned();
        values.push((Some(key.clone()), text(key, service)));
    }
    for (index, service) in layer.services.iter().enumerate() {
        values.push((None, text(format!("services[{index}]"), service)));
    }
    for table in &layer.tables {
        let of_table = service_table(table).into_iter();
        values.extend(of_table.map(|value| (None, value)));
    }
    for entry in &layer.sections {
        section(&layer.source, &entry.key, None, &entry.node, &mut values);
    }
    values
}

fn text(key: String, located: &Located<String>) -> ConfigValue {
    ConfigValue {
        value: shown(&key, &located.value).into_owned(),
        key,
        is_text: true,
        origin: located.origin.clone(),
        overridden_by: None,
    }
}

fn service_table(table: &ServiceTable) -> Vec<ConfigValue> {
    let path = dotted("plugins", &table.plugin.value);
    let path = dotted(&format!("{path}.signals_config"), &table.service.value);
    let mut values = Vec::new();
    let relative_path = table.relative_path.iter();
    values.extend(relative_path.map(|value| text(format!("{path}.relative_path"), value)));
    for (index, entry) in table.receivers.iter().enumerate() {
        let keys = [
            ("receiver_func_name", &entry.function),
            ("signal_path", &entry.signal),
            ("dispatch_uid", &entry.dispatch_uid),
        ];
        for (key, value) in keys {
            let value = value.iter();
            values
                .extend(value.map(|value| text(format!("{path}.receivers[{index}].{key}"), value)));
        }
    }
    values
}

/// A setting of another crate: tables are merged key by key, everything else is replaced as a whole.
fn section(
    source: &Source,
    key: &str,
    array: Option<&str>,
    node: &Node,
    values: &mut Vec<(Option<String>, ConfigValue)>,
) {
    let (text, is_text) = match &node.value {
        Value::Table(entries) => {
            for entry in entries {
                let key = dotted(key, &entry.key);
                section(source, &key, array, &entry.node, values);
            }
            return;
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let item_key = format!("{key}[{index}]");
                section(source, &item_key, Some(array.unwrap_or(key)), item, values);
            }
            return;
        }
        Value::Array(_) => ("[]".to_owned(), false),
        Value::String(text) => (shown(key, text).into_owned(), true),
        Value::Boolean(value) => (shown(key, &value.to_string()).into_owned(), false),
        Value::Integer(number) => (shown(key, &number.to_string()).into_owned(), false),
        Value::Other { text, .. } => (shown(key, text).into_owned(), false),
    };
    let value = ConfigValue {
        key: key.to_owned(),
        value: text,
        is_text,
        origin: source.at(node.at),
        overridden_by: None,
    };
    values.push((Some(array.unwrap_or(key).to_owned()), value));
}

/// One value of a configuration. See [`Config::values`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigValue {
    key: String,
    value: String,
    is_text: bool,
    origin: Origin,
    overridden_by: Option<Origin>,
}

impl ConfigValue {
    /// The path of the key: `plugins.greeter.signals_config.lms.receivers[0].signal_path`. Items are counted within
    /// their layer.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value, without a password that it may hold. Numbers are in digits.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where the value stands.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The place of the value that counts instead, where a later layer overrides this one.
    pub fn overridden_by(&self) -> Option<&Origin> {
        self.overridden_by.as_ref()
    }
}

/// `service = "lms" (site.toml:1:11)`.
impl fmt::Display for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_text {
            write!(f, "{} = {:?} ({}", self.key, self.value, self.origin)?;
        } else {
            write!(f, "{} = {} ({}", self.key, self.value, self.origin)?;
        }
        match &self.overridden_by {
            Some(origin) => write!(f, ", overridden at {origin})"),
            None => f.write_str(")"),
        }
    }
}
