//! Reports: what a consumer tells its observers, its metrics and its log about a delivery.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use events_core::AnyEvent;

use super::decode::Job;
use super::delivery::{Delivery, Slot, State};
use crate::record::Record;
use crate::throttle::throttled;
use crate::transport::{DeadReason, EntryId, Malformed};

/// Result of one delivery: of an entry, or of one receiver that was retried.
pub struct Handled<'a> {
    job: &'a Job,
    delivery: Delivery,
}

impl<'a> Handled<'a> {
    pub(super) const fn new(job: &'a Job, delivery: Delivery) -> Self {
        Self { job, delivery }
    }

    /// Returns the full name of the topic.
    pub fn topic(&self) -> &'a str {
        &self.job.term.source.topic
    }

    /// Returns the group.
    pub fn group(&self) -> &'a str {
        &self.job.term.source.group
    }

    /// Returns the id of the entry. A retry has the id of the entry that was parked.
    pub fn entry(&self) -> EntryId {
        self.job.entry_id()
    }

    /// Returns `true` for the delivery of an entry, and `false` for a retry of one of its receivers.
    pub fn is_first(&self) -> bool {
        self.job.entry.retry.is_none()
    }

    /// Returns the number of times that the entry, or the retry, was handed out.
    pub fn deliveries(&self) -> u64 {
        self.job.entry.deliveries
    }

    /// Returns the record.
    ///
    /// # Errors
    /// Returns the content of the entry if that is not a record.
    pub fn record(&self) -> Result<&'a Record, &'a Malformed> {
        self.job.record()
    }

    /// Returns the event, or `None` if the record could not be read as one.
    pub fn event(&self) -> Option<AnyEvent<'a>> {
        self.job.event().map(|(_, event)| event.get())
    }

    /// Returns the reason and the error of an entry that became a dead letter before any receiver ran.
    pub fn dead(&self) -> Option<(DeadReason, &str)> {
        match &self.delivery {
            Delivery::Unreadable(reason, error) => Some((*reason, error)),
            Delivery::All | Delivery::Done(_) | Delivery::Slots(_) => None,
        }
    }

    /// Returns the receivers that ran, or gave up, with their results.
    pub fn receivers(&self) -> Vec<ReceiverReport> {
        match &self.delivery {
            Delivery::Done(receivers) => receivers
                .iter()
                .map(|id| ReceiverReport::new(Arc::clone(id), ReceiverResult::Handled))
                .collect(),
            Delivery::All | Delivery::Unreadable(..) => Vec::new(),
            Delivery::Slots(slots) => slots.iter().filter_map(Slot::report).collect(),
        }
    }
}

impl fmt::Debug for Handled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handled")
            .field("topic", &self.topic())
            .field("entry", &self.entry())
            .field("dead", &self.dead())
            .field("receivers", &self.receivers())
            .finish_non_exhaustive()
    }
}

/// Result of one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiverReport {
    /// Id of the receiver.
    pub receiver: Arc<str>,
    /// Result.
    pub result: ReceiverResult,
}

impl ReceiverReport {
    const fn new(receiver: Arc<str>, result: ReceiverResult) -> Self {
        Self { receiver, result }
    }
}

/// Result of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiverResult {
    /// The receiver handled the event.
    Handled,
    /// The receiver failed and is retried.
    Retry {
        /// Error of the receiver.
        error: Box<str>,
        /// Number of attempts.
        attempts: u32,
        /// Time until the next attempt.
        delay: Duration,
    },
    /// The receiver gave up: there is a dead letter.
    Dead {
        /// Last error of the receiver.
        error: Box<str>,
        /// Number of attempts.
        attempts: u32,
    },
}

impl Slot {
    fn report(&self) -> Option<ReceiverReport> {
        let attempts = self.attempts;
        let result = match &self.state {
            State::Handled => ReceiverResult::Handled,
            State::Retry { error, delay } => ReceiverResult::Retry {
                error: error.clone(),
                attempts,
                delay: *delay,
            },
            State::Dead { error, .. } => ReceiverResult::Dead {
                error: error.clone(),
                attempts,
            },
            State::Pending | State::Blocked | State::Skipped => return None,
        };
        Some(ReceiverReport::new(Arc::clone(&self.receiver), result))
    }
}

/// Counts the result of a delivery and logs its dead letters.
pub(super) fn count(job: &Job, delivery: &Delivery) {
    let source = &job.term.source;
    match delivery {
        Delivery::All => {}
        Delivery::Done(receivers) => {
            if receivers.is_empty() {
                unheard(job);
            }
        }
        Delivery::Unreadable(reason, error) => {
            source.metrics.dead(*reason);
            throttled!(
                    warn, target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, entry = %job.entry_id(),
                %reason, error = &**error, "dead letter"
            );
        }
        Delivery::Slots(slots) => {
            let mut skipped = 0;
            for slot in slots {
                match &slot.state {
                    State::Retry { .. } => source.metrics.failed(),
                    State::Skipped => skipped += 1,
                    State::Dead { reason, error } => {
                        let has_failed =
                            matches!(reason, DeadReason::Exhausted | DeadReason::Permanent);
                        if has_failed {
                            source.metrics.failed();
                        }
                        source.metrics.dead(*reason);
                        throttled!(
                        warn, target: "events_bus::consumer", topic = &*source.topic, group = &*source.group,
                                entry = %job.entry_id(), receiver = &*slot.receiver, attempts = slot.attempts, %reason,
                                error = &**error, "dead letter"
                            );
                    }
                    State::Pending | State::Blocked | State::Handled => {}
                }
            }
            if skipped > 0 {
                source.metrics.duplicates(skipped);
            }
        }
    }
}

/// Counts an event that no receiver of this process wants, and warns once for each type.
#[cold]
fn unheard(job: &Job) {
    let source = &job.term.source;
    let Some((signal, _)) = job.event() else {
        source.metrics.skipped();
        return;
    };
    if !signal.is_enabled() {
        return;
    }
    source.metrics.unheard();
    let event_type = signal.event().event_type;
    if source.is_new_unheard(event_type) {
        tracing::warn!(
            target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, event_type,
            "events of this type have no receiver in this process: they are passed over; link the crate with the receiver, or \
             leave the type out of the topic"
        );
    }
}
