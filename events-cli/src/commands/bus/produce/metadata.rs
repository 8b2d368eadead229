//! Metadata of published events.

use events_core::{AnySignal, EventMetadata, SourceLib};
use serde_json::{Map, Value};

use crate::commands::Failure;
use crate::commands::bus::args::MetadataArgs;
use crate::commands::bus::position;
use crate::names;

/// The keys of metadata in JSON.
const KEYS: [&str; 7] = [
    "event_type",
    "id",
    "minorversion",
    "source",
    "sourcehost",
    "time",
    "sourcelib",
];

/// Returns the metadata that a send from this process would have.
pub(super) fn made_now(signal: &'static dyn AnySignal) -> EventMetadata {
    let event = signal.event();
    EventMetadata::new(event.event_type).with_minor_version(event.minor_version.into())
}

/// Returns default metadata, overridden by the options.
pub(super) fn of_options(
    signal: &'static dyn AnySignal,
    args: &MetadataArgs,
) -> Result<EventMetadata, Failure> {
    let refuse = |option: &str, given: &str, expected: &str| {
        Failure::Usage(format!(
            "`{option}` is `{}`, expected {expected}",
            given.escape_debug()
        ))
    };
    let mut metadata = made_now(signal);
    if let Some(text) = &args.id {
        let expected = "a UUID such as `0198f0a2-55d6-7c3e-9c1b-2f5f2d6c8a11`";
        let id = EventMetadata::parse_id(text).ok_or_else(|| refuse("--id", text, expected))?;
        metadata = metadata.with_id(id);
    }
    if let Some(text) = &args.time {
        metadata = metadata.with_time(position::time("--time", text)?);
    }
    if let Some(source) = &args.source {
        metadata = metadata.with_source(source.clone());
    }
    if let Some(host) = &args.source_host {
        metadata = metadata.with_source_host(host.clone());
    }
    if let Some(text) = &args.source_lib {
        let numbers: Result<SourceLib, _> = text.split('.').map(str::parse::<i64>).collect();
        let expected = "numbers with dots in between such as `11.2.0`";
        let lib = numbers.map_err(|_| refuse("--source-lib", text, expected))?;
        metadata = metadata.with_source_lib(lib);
    }
    Ok(metadata)
}

/// Returns default metadata, overridden by a JSON object.
pub(super) fn of_json(
    signal: &'static dyn AnySignal,
    given: &Map<String, Value>,
) -> Result<EventMetadata, String> {
    if let Some(unknown) = given.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let near = names::nearest(unknown, KEYS.into_iter());
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(format!(
            "`metadata` has an unknown key `{}`{hint}; its keys are `{}`",
            unknown.escape_debug(),
            KEYS.join("`, `")
        ));
    }
    let event = signal.event();
    let own = made_now(signal);
    let mut all = match serde_json::to_value(&own) {
        Ok(Value::Object(all)) => all,
        _ => Map::new(),
    };
    all.extend(given.clone());
    let metadata: EventMetadata =
        serde_json::from_value(Value::Object(all)).map_err(|error| error.to_string())?;
    if metadata.event_type() != event.event_type {
        return Err(format!(
            "`metadata` has the event type `{}`, and the event has `{}`; make them the same, or leave it out of the metadata",
            metadata.event_type().escape_debug(),
            event.event_type
        ));
    }
    // The body has the layout of this binary, and readers choose the layout by the minor version.
    let minor = metadata.minor_version().max(event.minor_version.into());
    Ok(metadata.with_minor_version(minor))
}
