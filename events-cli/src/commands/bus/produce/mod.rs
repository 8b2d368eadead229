//! `events produce`: publish events from JSON.

mod batch;
mod lines;
mod metadata;
mod record;

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use events_core::{AnySignal, registry};
use serde_json::Value;

use self::batch::Batch;
use self::record::Maker;
use super::args::ProduceArgs;
use super::open::BusInUse;
use crate::Status;
use crate::commands::{Answer, Failure, Output};
use crate::configuration::Applied;
use crate::names::{self, Unknown};
use crate::world::World;

pub(crate) fn produce(
    world: &World,
    args: &ProduceArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Answer, Failure> {
    let bus = BusInUse::new(applied)?;
    let maker = Maker::new(args, &bus.config)?;
    if args.lines {
        let status = lines::publish(args, &maker, &bus, output)?;
        return Ok(Answer::told(status));
    }
    let (Some(event), Some(data)) = (&args.event, &args.data) else {
        return Err(Failure::Usage(
            "no event is named; give its type and `--data FILE`, or `--lines`".to_owned(),
        ));
    };
    let signal = signal(world, event)?;
    let data = read(data)?;
    let metadata = metadata::of_options(signal, &args.metadata)?;
    let mut batch = Batch::default();
    batch.add(
        maker
            .records(signal, &data, &metadata, None)
            .map_err(Failure::Usage)?,
    );
    let transport = bus.open_or_make()?;
    batch.publish(&*transport, output)?;
    Ok(Answer::told(Status::Ok))
}

/// Returns the event with a name.
fn signal(world: &World, event: &str) -> Result<&'static dyn AnySignal, Failure> {
    let signals = names::signals(world, event);
    let types: Vec<_> = signals
        .iter()
        .map(|signal| signal.event.event_type)
        .collect();
    match types.as_slice() {
        [] => Err(Unknown::signal(world, event).into()),
        [event_type] => {
            registry::find(event_type).ok_or_else(|| Unknown::event_type(event_type).into())
        }
        several => Err(Failure::Usage(format!(
            "`{event}` means {} events; give one of `{}`",
            several.len(),
            several.join("`, `")
        ))),
    }
}

/// Reads the JSON of `--data`.
fn read(path: &Path) -> Result<Value, Failure> {
    let (name, bytes) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes);
        ("standard input".to_owned(), read.map(|_| bytes))
    } else {
        (format!("`{}`", path.display()), fs::read(path))
    };
    let bytes = bytes.map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    // The error of serde_json names a place and repeats no data.
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::Usage(format!(
            "{name} is no JSON: {error}; expected one object, the data of the event"
        ))
    })
}
