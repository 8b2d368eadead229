//! Settlements: results of entries, retries, and dead letters.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use events_core::{Timestamp, Uuid};

use super::entry::{EntryId, Malformed};
use crate::record::Record;

/// Result of one delivery, for [`Groups::settle`](super::Groups::settle).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settlement {
    /// The entry.
    pub entry: EntryId,
    /// The receiver, if the delivery came from the retry queue.
    pub receiver: Option<Arc<str>>,
    /// Id of the event, if the entry holds one.
    pub event_id: Option<Uuid>,
    /// Receivers that handled the event. Remembered by the event's id for the time of the duplicate window.
    pub handled_by: Arc<[Arc<str>]>,
    /// Receivers to retry. A pointer, since most settlements have none and all are moved about.
    pub parked: Option<Box<Parked>>,
    /// Dead letters of the receivers that gave up, or of the entry.
    pub dead: Vec<DeadLetter>,
}

/// Deliveries that go into the retry queue, with the record that they deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a record and its receivers")]
pub struct Parked {
    /// The record.
    pub record: Record,
    /// A state for each receiver. A delivery of the retry queue has one, of its own receiver.
    pub retries: Vec<RetryState>,
}

impl Settlement {
    /// Creates the settlement of an entry whose receivers are all done.
    pub const fn new(entry: EntryId, event_id: Option<Uuid>, handled_by: Arc<[Arc<str>]>) -> Self {
        Self {
            entry,
            receiver: None,
            event_id,
            handled_by,
            parked: None,
            dead: Vec::new(),
        }
    }

    /// Returns the settlement for a delivery of the retry queue.
    #[must_use]
    pub fn of_retry(mut self, receiver: Arc<str>) -> Self {
        self.receiver = Some(receiver);
        self
    }

    /// Returns the settlement with these dead letters.
    #[must_use]
    pub fn with_dead(mut self, dead: Vec<DeadLetter>) -> Self {
        self.dead = dead;
        self
    }

    /// Returns the settlement with these deliveries for the retry queue.
    #[must_use]
    pub fn with_parked(mut self, record: Record, retries: Vec<RetryState>) -> Self {
        self.parked = (!retries.is_empty()).then(|| Box::new(Parked { record, retries }));
        self
    }
}

/// State of one receiver in the retry queue of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is stored as it is")]
pub struct RetryState {
    /// Id of the receiver.
    pub receiver: Arc<str>,
    /// Key of the event. Later events of this key wait for this receiver.
    pub key: Option<Arc<str>>,
    /// Number of failed attempts. 0 if it waits for an earlier event of its key.
    pub attempts: u32,
    /// Last error of the receiver. Empty if it waits for an earlier event of its key.
    pub error: Box<str>,
    /// Time of the next attempt, by the clock of the consumer.
    pub due: Timestamp,
    /// Delay that was asked for. However the clock jumps, the next attempt is at most this far away.
    pub delay: Duration,
}

impl RetryState {
    /// Returns the time until the next attempt: at most the delay that was asked for.
    pub fn wait(&self, now: Timestamp) -> Duration {
        let micros = self.due.as_micros().saturating_sub(now.as_micros());
        Duration::from_micros(micros.max(0).unsigned_abs()).min(self.delay)
    }
}

/// Reason of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadReason {
    /// The entry is not a record: its headers cannot be read.
    Malformed,
    /// No event of the consumer's binary has this type.
    UnknownType,
    /// The body cannot be read as the event.
    Undecodable,
    /// The receiver failed `max_attempts` times.
    Exhausted,
    /// The receiver returned a permanent error.
    Permanent,
    /// The record names a receiver that the consumer's binary does not have.
    UnknownReceiver,
    /// The entry ended the process that handled it, twice while it was handled alone.
    Crashed,
}

impl DeadReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::UnknownType,
        Self::Undecodable,
        Self::Exhausted,
        Self::Permanent,
        Self::UnknownReceiver,
        Self::Crashed,
    ];

    /// Returns the reason as a word, such as `unknown_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownType => "unknown_type",
            Self::Undecodable => "undecodable",
            Self::Exhausted => "exhausted",
            Self::Permanent => "permanent",
            Self::UnknownReceiver => "unknown_receiver",
            Self::Crashed => "crashed",
        }
    }

    /// Returns the reason with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

impl fmt::Display for DeadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A delivery that the consumer gave up: an entry that cannot be read, or an event that a receiver cannot handle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The group that gave it up.
    pub group: Arc<str>,
    /// The receiver that gave it up. `None` if no receiver ran.
    pub receiver: Option<Arc<str>>,
    /// Reason.
    pub reason: DeadReason,
    /// Last error of the receiver or the decoder.
    pub error: Box<str>,
    /// Number of attempts of the receiver.
    pub attempts: u32,
    /// The entry.
    pub entry: EntryId,
    /// Time at which it was given up, by the clock of the consumer.
    pub at: Timestamp,
    /// Content of the entry.
    pub record: Result<Record, Malformed>,
}

impl DeadLetter {
    /// Creates the dead letter of an entry.
    pub fn new(
        group: Arc<str>,
        reason: DeadReason,
        error: impl Into<Box<str>>,
        entry: EntryId,
        at: Timestamp,
        record: Result<Record, Malformed>,
    ) -> Self {
        Self {
            group,
            receiver: None,
            reason,
            error: error.into(),
            attempts: 0,
            entry,
            at,
            record,
        }
    }

    /// Returns the dead letter of a receiver, after a number of attempts.
    #[must_use]
    pub fn by_receiver(mut self, receiver: Arc<str>, attempts: u32) -> Self {
        self.receiver = Some(receiver);
        self.attempts = attempts;
        self
    }
}
