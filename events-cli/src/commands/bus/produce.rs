//! `events produce`: events are published from JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use events_bus::config::BusConfig;
use events_bus::transport::{EntryId, SharedTransport};
use events_bus::{Record, wire};
use events_core::{AnySignal, EventMetadata, registry};
use serde_json::{Map, Value};

use super::args::ProduceArgs;
use super::{Output, open};
use crate::Status;
use crate::commands::Failure;
use crate::configuration::Applied;
use crate::names::{self, Unknown};
use crate::world::World;

/// So many records are published in one call.
const BATCH: usize = 500;

/// Records by the full name of the topic that they are for.
type ByTopic = BTreeMap<String, Vec<Record>>;

pub(super) fn produce(
    world: &World,
    args: &ProduceArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    let config = open::configuration(&args.bus, applied)?;
    if args.lines {
        return lines(args, &config, output);
    }
    let (Some(event), Some(data)) = (&args.event, &args.data) else {
        return Err(Failure::Usage(
            "name an event and its data, or give `--lines`".to_owned(),
        ));
    };
    let event_type = match names::signals(world, event).as_slice() {
        [] => return Err(Unknown::signal(world, event).into()),
        [signal] => signal.event.event_type,
        several => {
            let types: Vec<_> = several
                .iter()
                .map(|signal| signal.event.event_type)
                .collect();
            return Err(Failure::Usage(format!(
                "`{event}` means {} events: give one of `{}`",
                several.len(),
                types.join("`, `")
            )));
        }
    };
    let data: Value = serde_json::from_str(&read(data)?)
        .map_err(|error| Failure::Usage(format!("`--data` is no JSON: {error}")))?;
    let metadata = EventMetadata::new(event_type);
    let mut by_topic = ByTopic::new();
    add(args, &config, event_type, &data, &metadata, &mut by_topic).map_err(Failure::Usage)?;
    let transport = to_publish(&config)?;
    publish(&transport, &by_topic, output)?;
    Ok(Status::Ok)
}

/// A transport to publish to: a store that is not there is made.
fn to_publish(config: &BusConfig) -> Result<SharedTransport, Failure> {
    events_bus::open(config)
        .map_err(|problem| Failure::Bus(problem.to_string()))?
        .ok_or_else(|| {
            Failure::Usage(
                "the configuration says that there is no bus: `transport = \"none\"`".to_owned(),
            )
        })
}

fn read(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(path).map_err(|error| {
        Failure::Usage(format!(
            "`--data {}` cannot be read: {error}",
            path.display()
        ))
    })
}

fn find(event_type: &str) -> Result<&'static dyn AnySignal, String> {
    registry::find(event_type).ok_or_else(|| {
        let types = registry::signals()
            .iter()
            .map(|signal| signal.event().event_type);
        let near = types
            .map(|known| (strsim::jaro_winkler(known, event_type), known))
            .filter(|(likeness, _)| *likeness > 0.85)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = near.map_or_else(String::new, |(_, near)| format!("; did you mean `{near}`?"));
        format!("this binary has no event `{event_type}`{hint}")
    })
}

/// Makes the records of one event, for each topic that it goes to.
fn add(
    args: &ProduceArgs,
    config: &BusConfig,
    event_type: &str,
    data: &Value,
    metadata: &EventMetadata,
    by_topic: &mut ByTopic,
) -> Result<(), String> {
    let signal = find(event_type)?;
    let body = wire::from_json(data, signal.event().schema).map_err(|error| error.to_string())?;
    // What the schema allows may still be no event: a key that is none.
    let event = wire::decode_any(signal, &body, i64::from(signal.event().minor_version))
        .map_err(|error| error.to_string())?;
    let mut targets = Vec::new();
    if let Some(topic) = &args.topic {
        targets.push((config.full_topic(topic), None));
    } else {
        let routes = config.routes.for_event(event_type);
        for route in routes.iter().filter(|route| route.enabled) {
            targets.push((route.topic.clone(), route.key.clone()));
        }
        if targets.is_empty() {
            return Err(format!(
                "no route leads from `{event_type}` to a topic: give `-t TOPIC`, or add \
                 `[bus.producer.\"{event_type}\".\"topic\"]` to the configuration"
            ));
        }
    }
    for (topic, path) in targets {
        let key = match (&args.key, path) {
            (Some(key), _) => Some(key.clone()),
            (None, Some(path)) => path.of(event.get()),
            (None, None) => event.get().key().map(Cow::into_owned),
        };
        let record =
            Record::new(metadata.clone(), body.clone()).with_key(key.map(Arc::<str>::from));
        by_topic.entry(topic).or_default().push(record);
    }
    Ok(())
}

fn publish(
    transport: &SharedTransport,
    by_topic: &ByTopic,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    for (topic, records) in by_topic {
        for records in records.chunks(BATCH) {
            let ids = transport.publish(topic, records, None)?;
            for (record, id) in records.iter().zip(ids) {
                say(topic, record, id, output)?;
            }
        }
    }
    output.out.flush()?;
    Ok(())
}

fn say(
    topic: &str,
    record: &Record,
    id: Option<EntryId>,
    output: &mut Output<'_>,
) -> io::Result<()> {
    let entry = id.map(|id| id.to_string()).unwrap_or_default();
    let metadata = &record.metadata;
    if output.json {
        let line = serde_json::json!({
            "event_type": metadata.event_type(),
            "id": metadata.id(),
            "topic": topic,
            "entry": entry,
        });
        writeln!(output.out, "{line}")
    } else {
        writeln!(
            output.out,
            "{entry}  {topic}  {}  {}",
            metadata.event_type(),
            metadata.id()
        )
    }
}

/// Reads events line by line. They are published a batch at a time, unless all are to be looked at before.
fn lines(
    args: &ProduceArgs,
    config: &BusConfig,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    let transport = to_publish(config)?;
    let mut by_topic = ByTopic::new();
    let mut waiting = 0;
    let mut bad = 0_usize;
    for (index, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let result = std::str::from_utf8(&line)
            .map_err(|_| "the line is not UTF-8".to_owned())
            .and_then(|line| parse(args, config, line, &mut by_topic));
        match result {
            Ok(()) => waiting += 1,
            Err(problem) => {
                bad += 1;
                writeln!(output.err, "line {}: {problem}", index + 1)?;
            }
        }
        if waiting >= BATCH && !args.all_or_nothing {
            publish(&transport, &by_topic, output)?;
            by_topic.clear();
            waiting = 0;
        }
    }
    if bad > 0 && args.all_or_nothing {
        return Err(Failure::Usage(format!(
            "{bad} lines cannot be published, so none is; correct them, or leave `--all-or-nothing` out"
        )));
    }
    publish(&transport, &by_topic, output)?;
    Ok(if bad > 0 {
        Status::Problems
    } else {
        Status::Ok
    })
}

fn parse(
    args: &ProduceArgs,
    config: &BusConfig,
    line: &str,
    by_topic: &mut ByTopic,
) -> Result<(), String> {
    let expected = "expected an object `{\"event_type\": …, \"data\": …, \"metadata\": …}`";
    let object: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("{error}; {expected}"))?;
    if let Some(unknown) = object
        .keys()
        .find(|key| !["event_type", "data", "metadata"].contains(&key.as_str()))
    {
        return Err(format!(
            "unknown key `{}`; {expected}",
            unknown.escape_debug()
        ));
    }
    let event_type = object
        .get("event_type")
        .and_then(Value::as_str)
        .ok_or_else(|| format!("`event_type` is missing or no text; {expected}"))?;
    let data = object
        .get("data")
        .ok_or_else(|| format!("`data` is missing; {expected}"))?;
    let metadata = match object.get("metadata") {
        None | Some(Value::Null) => EventMetadata::new(event_type.to_owned()),
        Some(metadata) => serde_json::from_value::<EventMetadata>(metadata.clone())
            .map_err(|error| format!("`metadata`: {error}"))?,
    };
    if metadata.event_type() != event_type {
        return Err(format!(
            "`metadata` are of `{}`, and the event is `{event_type}`; make them the same",
            metadata.event_type().escape_debug()
        ));
    }
    add(args, config, event_type, data, &metadata, by_topic)
}
