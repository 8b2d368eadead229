//! Batches of records.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use events_bus::Record;
use events_bus::transport::{EntryId, Transport, TransportError};
use events_core::Uuid;
use serde::Serialize;

use super::record::Addressed;
use crate::commands::{Failure, Output};

/// Records by topic, in the order in which they were added.
#[derive(Default)]
pub(super) struct Batch {
    by_topic: BTreeMap<String, Vec<Record>>,
    /// Number of events.
    pub(super) events: usize,
}

/// A published event as JSON.
#[derive(Serialize)]
struct Published<'a> {
    event_type: &'a str,
    id: Uuid,
    topic: &'a str,
    entry: String,
}

/// A batch that was published in part or not at all.
pub(super) struct Unpublished {
    pub(super) error: TransportError,
    /// `true` if a part of the batch may have been published.
    pub(super) outcome_unknown: bool,
}

/// The error that ended publishing.
pub(super) enum Stopped {
    Bus(Unpublished),
    Output(io::Error),
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Output(error) => Self::Io(error),
            Stopped::Bus(Unpublished {
                error,
                outcome_unknown,
            }) => Self::Bus(format!(
                "{error}; the event {}",
                if outcome_unknown {
                    "may have been published: with the same `--id`, publishing it again does no harm"
                } else {
                    "was not published"
                }
            )),
        }
    }
}

impl Batch {
    /// Adds the records of one event.
    pub(super) fn add(&mut self, records: Vec<Addressed>) {
        self.events += 1;
        for (topic, record) in records {
            self.by_topic.entry(topic).or_default().push(record);
        }
    }

    /// Publishes the batch and reports each event.
    pub(super) fn publish(
        &self,
        transport: &dyn Transport,
        output: &mut Output<'_>,
    ) -> Result<(), Stopped> {
        let mut begun = false;
        for (topic, records) in &self.by_topic {
            let ids = transport.publish(topic, records).map_err(|error| {
                let outcome_unknown = begun || error.is_outcome_unknown();
                Stopped::Bus(Unpublished {
                    error,
                    outcome_unknown,
                })
            })?;
            begun = true;
            for (record, id) in records.iter().zip(ids) {
                tell(topic, record, id, output).map_err(Stopped::Output)?;
            }
        }
        quietly(output.out.flush()).map_err(Stopped::Output)
    }
}

fn tell(topic: &str, record: &Record, entry: EntryId, output: &mut Output<'_>) -> io::Result<()> {
    let metadata = &record.metadata;
    let (event_type, id) = (metadata.event_type(), metadata.id());
    let entry = entry.to_string();
    quietly(if output.form.is_json() {
        let published = Published {
            event_type,
            id,
            topic,
            entry,
        };
        serde_json::to_string(&published)
            .map_err(io::Error::from)
            .and_then(|line| writeln!(output.out, "{line}"))
    } else {
        writeln!(output.out, "{topic}  {entry}  {event_type}  {id}")
    })
}

/// Ignores a closed pipe: the remaining events are published without a reader.
fn quietly(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
