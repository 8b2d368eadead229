//! What a configuration says, value by value, and where.

use core::fmt;

use super::Config;
use super::origin::{Located, Origin};

impl Config {
    /// Every value that could be read, in the order of the layers, each with its origin; overridden ones, too.
    ///
    /// It is what `events config explain` shows. Values are listed whether or not the configuration is correct.
    pub fn values(&self) -> Vec<ConfigValue> {
        let mut values = Vec::new();
        let mut add = |key: String, located: &Located<String>, overridden_by: Option<&Origin>| {
            values.push(ConfigValue {
                key,
                value: located.value.clone(),
                origin: located.origin.clone(),
                overridden_by: overridden_by.cloned(),
            });
        };
        let running = self.running().map(|service| &service.origin);
        let last = self
            .layers
            .iter()
            .rposition(|layer| layer.service.is_some());
        for (index, layer) in self.layers.iter().enumerate() {
            if let Some(service) = &layer.service {
                let overridden = running.filter(|_| last != Some(index));
                add("service".to_owned(), service, overridden);
            }
            for (index, service) in layer.services.iter().enumerate() {
                add(format!("services[{index}]"), service, None);
            }
            for table in &layer.tables {
                let service = &table.service.value;
                let service = if service.contains('.') {
                    format!("{service:?}")
                } else {
                    service.clone()
                };
                let path = format!("plugins.{}.signals_config.{service}", table.plugin.value);
                if let Some(relative_path) = &table.relative_path {
                    add(format!("{path}.relative_path"), relative_path, None);
                }
                for (index, entry) in table.receivers.iter().enumerate() {
                    let keys = [
                        ("receiver_func_name", &entry.function),
                        ("signal_path", &entry.signal),
                        ("dispatch_uid", &entry.dispatch_uid),
                    ];
                    for (key, value) in keys {
                        if let Some(value) = value {
                            add(format!("{path}.receivers[{index}].{key}"), value, None);
                        }
                    }
                }
            }
        }
        values
    }
}

/// One value of a configuration. See [`Config::values`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigValue {
    key: String,
    value: String,
    origin: Origin,
    overridden_by: Option<Origin>,
}

impl ConfigValue {
    /// The path of the key: `plugins.greeter.signals_config.lms.receivers[0].signal_path`. Items are counted within
    /// their layer.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value.
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
        write!(f, "{} = {:?} ({}", self.key, self.value, self.origin)?;
        match &self.overridden_by {
            Some(origin) => write!(f, ", overridden at {origin})"),
            None => f.write_str(")"),
        }
    }
}
