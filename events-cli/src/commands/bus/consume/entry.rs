//! The report of `events consume` about one entry.

use events_bus::transport::names;
use events_bus::{Handled, ReceiverReport, ReceiverResult};
use events_core::{AnyEvent, EventMetadata};
use serde::Serialize;

use crate::commands::Form;
use crate::commands::bus::personal;
use crate::text::{Page, escape};

/// The id of the receiver through which a bus publishes. It belongs to the bus, not to the user.
const PRODUCER: &str = "events_bus.producer";

/// A printed report about an entry, with its counts.
pub(super) struct Told {
    /// The text to print, without the final line break.
    pub(super) line: String,
    /// `true` for the first report about an entry, `false` for the report about a retry.
    pub(super) is_first: bool,
    /// Number of dead letters.
    pub(super) dead: usize,
    /// Number of receivers that will be retried.
    pub(super) again: usize,
}

/// An entry as JSON.
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

/// The result of one receiver.
#[derive(Serialize)]
struct ReceiverFacts {
    id: String,
    result: &'static str,
    error: Option<String>,
    attempts: Option<u32>,
    delay_ms: Option<u64>,
}

/// The reason why an entry did not reach receivers.
#[derive(Serialize)]
struct DeadFacts<'a> {
    reason: &'static str,
    error: &'a str,
}

impl Told {
    /// Returns the report, or `None` for the work of durable receivers, which is not part of a topic.
    pub(super) fn new(handled: &Handled<'_>, form: Form) -> Option<Self> {
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
            line: if form.is_json() {
                // Only maps whose keys are not strings are refused, and events have none.
                serde_json::to_string(&facts).unwrap_or_default()
            } else {
                let mut page = form.page();
                facts.lay_out(&mut page);
                page.finish().trim_end().to_owned()
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
            ReceiverResult::Retry {
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

impl EntryFacts<'_> {
    /// Lays the entry out without personal data and without the key, which may contain some.
    fn lay_out(&self, page: &mut Page) {
        let event_type = self.event_type.unwrap_or("(no event type)");
        let id = self
            .metadata
            .map_or_else(String::new, |metadata| format!("  {}", metadata.id()));
        let times = match self.deliveries {
            0 | 1 => String::new(),
            times => format!("  (handed out {times} times)"),
        };
        page.line(&format!(
            "{}  {}  {event_type}{id}{times}",
            self.topic, self.entry
        ));
        if let Some(data) = self.data.and_then(|event| personal::data(event, false)) {
            page.line(&format!("    data     {data}"));
        }
        for receiver in &self.receivers {
            let error = match (&receiver.error, receiver.attempts) {
                (Some(error), Some(attempts)) => format!(", attempt {attempts}: {error}"),
                _ => String::new(),
            };
            let delay = receiver
                .delay_ms
                .map_or_else(String::new, |delay| format!("; again in {delay} ms"));
            let id = escape(&receiver.id);
            let text = format!("{:8} {id}{error}{delay}", receiver.result);
            page.item(4, 13, &text);
        }
        match &self.dead {
            Some(dead) => page.item(4, 13, &format!("dead     {}: {}", dead.reason, dead.error)),
            None if self.receivers.is_empty() => page.line("    no receiver is run with it now"),
            None => {}
        }
    }
}
