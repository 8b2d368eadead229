//! What is told of an entry.

use std::fmt;

use events_bus::transport::names;
use events_bus::{Handled, ReceiverReport, ReceiverResult};
use events_core::{AnyEvent, EventMetadata};
use serde::Serialize;

use crate::commands::bus::personal;

/// The id of the receiver by which a bus publishes: no receiver of anybody.
const PRODUCER: &str = "events_bus.producer";

/// What is told of an entry, and what is counted.
pub(super) struct Told {
    /// As it is printed, without the line break at its end.
    pub(super) line: String,
    /// Whether it was handed out for this, and not kept for a receiver that is tried again.
    pub(super) is_first: bool,
    /// How many dead letters it made.
    pub(super) dead: usize,
    /// How many receivers are tried again.
    pub(super) again: usize,
}

/// An entry, as JSON.
#[derive(Serialize)]
struct EntryFacts<'a> {
    event_type: Option<&'a str>,
    data: Option<AnyEvent<'a>>,
    metadata: Option<&'a EventMetadata>,
    topic: &'a str,
    group: &'a str,
    entry: String,
    deliveries: u64,
    key: Option<&'a str>,
    receivers: Vec<ReceiverFacts>,
    dead: Option<DeadFacts<'a>>,
}

/// A receiver that was run.
#[derive(Serialize)]
struct ReceiverFacts {
    id: String,
    result: &'static str,
    error: Option<String>,
    attempts: Option<u32>,
    delay_ms: Option<u64>,
}

/// Why an entry did not come to receivers.
#[derive(Serialize)]
struct DeadFacts<'a> {
    reason: &'static str,
    error: &'a str,
}

impl Told {
    /// What is told of an entry; nothing of the work of durable receivers, which nobody asked for.
    pub(super) fn new(handled: &Handled<'_>, json: bool) -> Option<Self> {
        if names::is_internal(handled.topic()) {
            return None;
        }
        let facts = EntryFacts::new(handled);
        let results = |result: &str| {
            facts
                .receivers
                .iter()
                .filter(|one| one.result == result)
                .count()
        };
        Some(Self {
            is_first: handled.is_first(),
            dead: usize::from(facts.dead.is_some()) + results("dead"),
            again: results("retry"),
            line: if json {
                // Maps with keys that are no texts are all that it refuses, and events have none.
                serde_json::to_string(&facts).unwrap_or_default()
            } else {
                facts.to_string()
            },
        })
    }
}

impl<'a> EntryFacts<'a> {
    fn new(handled: &'a Handled<'a>) -> Self {
        let record = handled.record().ok();
        let malformed = handled.record().err();
        let reports = handled.receivers();
        Self {
            event_type: record
                .map(|record| record.metadata.event_type())
                .or_else(|| malformed.and_then(|malformed| malformed.event_type.as_deref())),
            data: handled.event(),
            metadata: record.map(|record| &record.metadata),
            topic: handled.topic(),
            group: handled.group(),
            entry: handled.entry().to_string(),
            deliveries: handled.deliveries(),
            key: record.and_then(|record| record.key.as_deref()),
            receivers: reports
                .into_iter()
                .filter(|report| &*report.receiver != PRODUCER)
                .map(ReceiverFacts::new)
                .collect(),
            dead: handled.dead().map(|(reason, error)| DeadFacts {
                reason: reason.as_str(),
                error,
            }),
        }
    }
}

impl ReceiverFacts {
    fn new(report: ReceiverReport) -> Self {
        let (result, error, attempts, delay) = match report.result {
            ReceiverResult::Again {
                error,
                attempts,
                delay,
            } => ("retry", Some(error), Some(attempts), Some(delay)),
            ReceiverResult::Dead { error, attempts } => ("dead", Some(error), Some(attempts), None),
            _ => ("handled", None, None, None),
        };
        Self {
            id: report.receiver.to_string(),
            result,
            error: error.map(String::from),
            attempts,
            delay_ms: delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// As text: without personal data, and without the key, which may be some.
impl fmt::Display for EntryFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event_type = self.event_type.unwrap_or("(no event type)");
        write!(f, "{}  {}  {event_type}", self.topic, self.entry)?;
        if let Some(metadata) = self.metadata {
            write!(f, "  {}", metadata.id())?;
        }
        if self.deliveries > 1 {
            write!(f, "  (handed out {} times)", self.deliveries)?;
        }
        if let Some(data) = self.data.and_then(|event| personal::data(event, false)) {
            write!(f, "\n    data     {data}")?;
        }
        for receiver in &self.receivers {
            write!(f, "\n    {:8} {}", receiver.result, receiver.id)?;
            if let (Some(error), Some(attempts)) = (&receiver.error, receiver.attempts) {
                write!(f, ", attempt {attempts}: {}", indented(error))?;
            }
            if let Some(delay) = receiver.delay_ms {
                write!(f, "; again in {delay} ms")?;
            }
        }
        match &self.dead {
            Some(dead) => write!(
                f,
                "\n    dead     {}: {}",
                dead.reason,
                indented(dead.error)
            ),
            None if self.receivers.is_empty() => {
                f.write_str("\n    no receiver is run with it now")
            }
            None => Ok(()),
        }
    }
}

/// The further lines of a text under its first.
fn indented(text: &str) -> String {
    text.replace('\n', "\n             ")
}
