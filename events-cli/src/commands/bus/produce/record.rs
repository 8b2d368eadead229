//! Records from JSON.

use std::borrow::Cow;
use std::sync::Arc;

use events_bus::Record;
use events_bus::config::{BusConfig, KeyPath};
use events_bus::transport::names;
use events_bus::wire::{self, DecodeError};
use events_core::{AnySignal, EventMetadata};
use serde_json::Value;

use crate::commands::Failure;
use crate::commands::bus::args::ProduceArgs;

/// A record with the full name of its topic.
pub(super) type Addressed = (String, Record);

/// Creates records from JSON, and chooses their topics.
pub(super) struct Maker<'a> {
    config: &'a BusConfig,
    /// The full name of `--topic`.
    topic: Option<String>,
    /// The key of `--key`.
    key: Option<&'a str>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(args: &'a ProduceArgs, config: &'a BusConfig) -> Result<Self, Failure> {
        let topic = args.topic.as_deref().map(|topic| config.full_topic(topic));
        if let Some(topic) = &topic {
            names::check("topic", topic).map_err(|error| Failure::Usage(error.to_string()))?;
        }
        Ok(Self {
            config,
            topic,
            key: args.key.as_deref(),
        })
    }

    /// Returns the records of one event, one for each of its topics. `key` replaces the key of the event.
    ///
    /// # Errors
    /// Returns an error if the data do not match the event, or if the event has no topic.
    pub(super) fn records(
        &self,
        signal: &'static dyn AnySignal,
        data: &Value,
        metadata: &EventMetadata,
        key: Option<&str>,
    ) -> Result<Vec<Addressed>, String> {
        let targets = self.targets(signal)?;
        let info = signal.event();
        let given = wire::from_json(data, info.schema).map_err(|error| error.to_string())?;
        // The types check more than the schema: a course key is more than a string.
        let event = wire::decode_any(signal, &given, info.minor_version.into())
            .map_err(|error| explain(&error))?;
        let event = event.get();
        // Encoding the event again normalizes its values.
        let mut body = Vec::with_capacity(given.len());
        wire::encode_any_into(&mut body, event).map_err(|error| error.to_string())?;
        let body: Arc<[u8]> = body.into();
        let records = targets.into_iter().map(|(topic, path)| {
            let key = match (self.key.or(key), path) {
                (Some(key), _) => Some(key.to_owned()),
                (None, Some(path)) => path.of(event),
                (None, None) => event.key().map(Cow::into_owned),
            };
            let record = Record::new(metadata.clone(), Arc::clone(&body));
            (topic, record.with_key(key.map(Arc::<str>::from)))
        });
        Ok(records.collect())
    }

    /// Returns the topics of an event, with the key of each route.
    fn targets(&self, signal: &dyn AnySignal) -> Result<Vec<(String, Option<&KeyPath>)>, String> {
        if let Some(topic) = &self.topic {
            return Ok(vec![(topic.clone(), None)]);
        }
        let event_type = signal.event().event_type;
        let routes = self.config.routes.for_event(event_type);
        let enabled: Vec<_> = routes
            .iter()
            .filter(|route| route.enabled)
            .map(|route| (route.topic.clone(), route.key.as_ref()))
            .collect();
        if !enabled.is_empty() {
            return Ok(enabled);
        }
        let why = if routes.is_empty() {
            "no configuration routes"
        } else {
            "no route is enabled for"
        };
        Err(format!(
            "{why} `{event_type}`, so it has no topic; give one by `-t TOPIC`, or a configuration with the table \
             `[bus.producer.\"{event_type}\".TOPIC]`"
        ))
    }
}

/// Describes a decoding error in terms of JSON instead of bytes.
fn explain(error: &DecodeError) -> String {
    let failures = error
        .attempts()
        .iter()
        .filter_map(|attempt| attempt.failure.as_ref());
    let problems: Vec<_> = failures
        .map(|failure| {
            let expected = failure.expected.as_deref().unwrap_or("another value");
            format!(
                "\n  `{}`: expected {expected}, and {}",
                failure.path, failure.fault
            )
        })
        .collect();
    if problems.is_empty() {
        error.to_string()
    } else {
        format!("the JSON is no such event:{}", problems.concat())
    }
}
