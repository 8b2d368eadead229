//! The configuration that a command line names. The only file that knows `events_core::config`.

use events_bus::config::BusConfig;
use events_core::config::{self, Config, ConfigErrorKind, ConfigErrors};
use events_core::{ReceiverInfo, SignalInfo, registry};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::ConfigurationArgs;
use crate::world::{World, is_same};

/// What came of applying the configuration.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    files: Vec<String>,
    service: Option<String>,
    /// What the table `bus` says, where a layer has one.
    bus: Option<Result<BusConfig, ConfigErrors>>,
    result: Option<Result<config::Applied, ConfigErrors>>,
}

/// Something that is wrong with the configuration.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ConfigurationProblem {
    pub(crate) kind: String,
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    pub(crate) message: String,
}

/// The bus settings of a command line.
#[derive(Debug, Default)]
pub(crate) struct BusLayers {
    /// A table `bus` below the files.
    pub(crate) below: Option<Value>,
    /// A table `bus` above the files.
    pub(crate) above: Option<Value>,
    /// The URL of the bus, which overrides the files. No file then needs to name a bus.
    pub(crate) url: Option<String>,
}

impl Applied {
    /// Applies the configuration: connects its manual receivers. With a problem in it, nothing is connected.
    pub(crate) fn new(args: &ConfigurationArgs, bus: BusLayers) -> Self {
        let layer = |table: Option<Value>| {
            let text = table.map(|table| json!({ "bus": table }).to_string());
            text.map(|text| Config::from_json(&text, "--bus"))
        };
        let files = Config::layers(args.config.iter().map(Config::load));
        let has_bus = bus.url.is_some() || files.section("bus").is_there();
        let mut layers: Vec<_> = layer(bus.below).into_iter().collect();
        layers.push(files);
        layers.extend(layer(bus.above));
        if let Some(service) = &args.service {
            let text = json!({ "service": service }).to_string();
            layers.push(Config::from_json(&text, "--service"));
        }
        if args.config.is_empty() && args.service.is_none() && !has_bus {
            return Self::default();
        }
        let config = Config::layers(layers);
        Self {
            files: args
                .config
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            service: config.service().map(str::to_owned),
            bus: has_bus.then(|| match &bus.url {
                Some(url) => BusConfig::from_config_and_url(&config, url),
                None => BusConfig::from_config(&config),
            }),
            result: Some(config.apply()),
        }
    }

    /// Whether there is nothing wrong: for commands that would otherwise show half the truth.
    pub(crate) fn refuse_problems(&self) -> Result<(), ConfigErrors> {
        match &self.result {
            Some(Err(errors)) => Err(errors.clone()),
            _ => Ok(()),
        }
    }

    /// The files that were applied.
    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The configuration of the bus, where there is one.
    pub(crate) fn bus(&self) -> Option<Result<BusConfig, ConfigErrors>> {
        self.bus.clone()
    }

    /// Returns the name of the transport, if a configuration names one: `sqlite`.
    pub(crate) fn transport(&self) -> Option<&'static str> {
        let config = self.bus.as_ref()?.as_ref().ok()?;
        Some(config.transport.name())
    }

    /// The running service.
    pub(crate) fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// How many receivers it connected.
    pub(crate) fn connected(&self) -> usize {
        self.applied()
            .map_or(0, |applied| applied.receivers().len())
    }

    /// Where a configuration asks for the receiver, if it does.
    pub(crate) fn connects(&self, signal: &SignalInfo, receiver: &ReceiverInfo) -> Option<String> {
        let entry =
            self.applied()?.receivers().iter().find(|entry| {
                entry.signal().info() == signal && is_same(entry.receiver(), receiver)
            })?;
        Some(entry.origin().to_string())
    }

    /// Everything that is wrong with it.
    pub(crate) fn problems(&self) -> Vec<ConfigurationProblem> {
        let plugins = self
            .result
            .as_ref()
            .and_then(|result| result.as_ref().err());
        let bus = self.bus.as_ref().and_then(|bus| bus.as_ref().err());
        let mut problems: Vec<ConfigurationProblem> = Vec::new();
        for error in plugins.into_iter().chain(bus).flatten() {
            let problem = ConfigurationProblem {
                kind: kind(error.kind()),
                file: error.origin().source().to_owned(),
                line: error.origin().line(),
                column: error.origin().column(),
                message: error.message().to_owned(),
            };
            // What is wrong with the form of a file, both have to say.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        problems
    }

    fn applied(&self) -> Option<&config::Applied> {
        self.result.as_ref()?.as_ref().ok()
    }

    /// The lines of TOML that connect a manual receiver to a signal.
    pub(crate) fn snippet(
        &self,
        world: &World,
        signal: &SignalInfo,
        receiver: &ReceiverInfo,
    ) -> String {
        let plugin = receiver.plugin();
        let service = self.service().unwrap_or("lms");
        // The shortest form that means only this one.
        let namesakes = world
            .receivers
            .iter()
            .filter(|other| other.plugin() == plugin && other.name == receiver.name);
        let function = if namesakes.count() == 1 {
            receiver.name
        } else {
            &receiver.id
        };
        let path = match registry::resolve(signal.name).as_slice() {
            [_] => String::from(signal.name),
            _ => signal.path(),
        };
        format!(
            "[plugins.{plugin}.signals_config.\"{service}.djangoapp\"]\n\
             receivers = [\n  \
               {{ receiver_func_name = \"{function}\", signal_path = \"{path}\" }},\n\
             ]"
        )
    }
}

/// The kind of a problem as JSON has it: `unknown_key`.
fn kind(kind: ConfigErrorKind) -> String {
    let mut name = String::new();
    for character in format!("{kind:?}").chars() {
        if character.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(character.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_written_in_snake_case() {
        assert_eq!(kind(ConfigErrorKind::UnknownKey), "unknown_key");
        assert_eq!(kind(ConfigErrorKind::Syntax), "syntax");
    }
}
