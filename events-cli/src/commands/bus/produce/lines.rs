//! Events from standard input, one per line.

use std::io::{self, BufRead};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

use events_bus::transport::Transport;
use events_core::registry;
use serde_json::{Map, Value};

use super::batch::{Batch, Stopped, Unpublished};
use super::metadata;
use super::record::{Addressed, Maker};
use crate::Status;
use crate::commands::bus::args::ProduceArgs;
use crate::commands::bus::open::BusInUse;
use crate::commands::{Failure, Output};
use crate::names::{self, Unknown};
use crate::text::count;

/// Maximum number of events per batch.
const BATCH: usize = 500;

/// The keys of a line.
const KEYS: [&str; 4] = ["event_type", "data", "metadata", "key"];

/// Further keys in the output of `consume --json`. They are ignored.
const TOLD: [&str; 6] = ["topic", "group", "entry", "deliveries", "receivers", "dead"];

/// The expected form of a line, for errors.
const EXPECTED: &str = "expected an object `{\"event_type\": \"…\", \"data\": {…}}`, perhaps with `metadata` and `key`";

/// Publishes the events of standard input.
pub(super) fn publish(
    args: &ProduceArgs,
    maker: &Maker<'_>,
    bus: &BusInUse,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    let transport = bus.open_or_make()?;
    let lines = read()?;
    let mut course = Course {
        maker,
        transport: &*transport,
        all_or_nothing: args.all_or_nothing,
        batches: vec![Batch::default()],
        published: 0,
        refused: 0,
        end: 0,
    };
    let read = course.run(&lines, output);
    // The lines before an error are published.
    course.finish(output)?;
    read?;
    Ok(if course.refused == 0 {
        Status::Ok
    } else {
        Status::Problems
    })
}

/// A line and its number, from 1.
type Line = io::Result<(usize, Vec<u8>)>;

/// Reads standard input on a separate thread, so that complete lines are published while the next one is awaited.
fn read() -> Result<Receiver<Line>, Failure> {
    let (sender, receiver) = sync_channel(2 * BATCH);
    thread::Builder::new()
        .name("events-input".to_owned())
        .spawn(move || {
            let lines = io::stdin().lock().split(b'\n');
            for (number, line) in (1..).zip(lines) {
                if sender.send(line.map(|line| (number, line))).is_err() {
                    return;
                }
            }
        })
        .map_err(Failure::Io)?;
    Ok(receiver)
}

struct Course<'a> {
    maker: &'a Maker<'a>,
    transport: &'a dyn Transport,
    all_or_nothing: bool,
    /// The unpublished batches; never empty. With `all_or_nothing`, there can be several.
    batches: Vec<Batch>,
    published: usize,
    refused: usize,
    /// Number of the last line read.
    end: usize,
}

impl Course<'_> {
    /// Reads the lines. Publishes full batches, unless `all_or_nothing` is set.
    fn run(&mut self, lines: &Receiver<Line>, output: &mut Output<'_>) -> Result<(), Failure> {
        loop {
            let line = match lines.try_recv() {
                Ok(line) => line,
                // The next line may take long: the earlier ones do not wait for it.
                Err(TryRecvError::Empty) => {
                    if !self.all_or_nothing {
                        self.publish(output)?;
                    }
                    match lines.recv() {
                        Ok(line) => line,
                        Err(_) => return Ok(()),
                    }
                }
                Err(TryRecvError::Disconnected) => return Ok(()),
            };
            let (number, line) = line.map_err(|error| {
                Failure::Usage(format!(
                    "standard input cannot be read behind line {}: {error}",
                    self.end
                ))
            })?;
            self.end = number;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match self.records(&line) {
                Ok(records) => self.add(records, output)?,
                Err(problem) => {
                    self.refused += 1;
                    let message = format_args!("line {number}: {problem}");
                    output.err.note("error", message)?;
                }
            }
        }
    }

    fn add(&mut self, records: Vec<Addressed>, output: &mut Output<'_>) -> Result<(), Failure> {
        if self
            .batches
            .last()
            .is_none_or(|batch| batch.events >= BATCH)
        {
            if self.all_or_nothing {
                self.batches.push(Batch::default());
            } else {
                self.publish(output)?;
            }
        }
        if let Some(batch) = self.batches.last_mut() {
            batch.add(records);
        }
        Ok(())
    }

    /// Publishes the batches read so far.
    fn publish(&mut self, output: &mut Output<'_>) -> Result<(), Failure> {
        for batch in std::mem::replace(&mut self.batches, vec![Batch::default()]) {
            match batch.publish(self.transport, output) {
                Ok(()) => self.published += batch.events,
                Err(Stopped::Bus(unpublished)) => {
                    return Err(self.stopped(&unpublished, batch.events));
                }
                Err(stopped) => return Err(stopped.into()),
            }
        }
        Ok(())
    }

    fn stopped(&self, unpublished: &Unpublished, events: usize) -> Failure {
        let Unpublished {
            error,
            outcome_unknown,
        } = unpublished;
        let fate = if *outcome_unknown {
            format!(
                "the {} behind them may have been: with ids in their metadata, publishing them again does no harm",
                count(events, "event")
            )
        } else {
            "nothing behind them was".to_owned()
        };
        Failure::Bus(format!(
            "{error}; {} published before that, and {fate}",
            count(self.published, "event")
        ))
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Failure> {
        if self.refused > 0 && self.all_or_nothing {
            let message = format!(
                "{} cannot be published, so nothing was; correct them, or leave `--all-or-nothing` out",
                count(self.refused, "line")
            );
            output.err.note("error", message)?;
            return Ok(());
        }
        self.publish(output)?;
        if self.refused > 0 {
            let message = format!(
                "{} cannot be published; the other {} were",
                count(self.refused, "line"),
                self.published
            );
            output.err.note("error", message)?;
        }
        Ok(())
    }

    /// Parses a line into records.
    fn records(&self, line: &[u8]) -> Result<Vec<Addressed>, String> {
        // The text is one line, so the column is enough.
        let json: Value = serde_json::from_slice(line).map_err(|error| {
            format!(
                "it is no JSON from column {} on; {EXPECTED}",
                error.column()
            )
        })?;
        let Value::Object(object) = json else {
            return Err(format!("it is no object; {EXPECTED}"));
        };
        let unknown = object
            .keys()
            .find(|key| !KEYS.contains(&key.as_str()) && !TOLD.contains(&key.as_str()));
        if let Some(unknown) = unknown {
            let near = names::nearest(unknown, KEYS.into_iter());
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(format!(
                "unknown key `{}`{hint}; {EXPECTED}",
                unknown.escape_debug()
            ));
        }
        let event_type = text(&object, "event_type")?
            .ok_or_else(|| format!("`event_type` is missing; {EXPECTED}"))?;
        let signal = registry::find(event_type)
            .ok_or_else(|| Unknown::event_type(event_type).to_string())?;
        let data = object
            .get("data")
            .filter(|data| !data.is_null())
            .ok_or_else(|| format!("`data` is missing; {EXPECTED}"))?;
        let metadata = match object.get("metadata") {
            None | Some(Value::Null) => metadata::made_now(signal),
            Some(Value::Object(given)) => metadata::of_json(signal, given)?,
            Some(_) => return Err(format!("`metadata` is no object; {EXPECTED}")),
        };
        let key = text(&object, "key")?;
        self.maker.records(signal, data, &metadata, key)
    }
}

/// Returns an optional string.
fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` is no text; {EXPECTED}")),
    }
}
