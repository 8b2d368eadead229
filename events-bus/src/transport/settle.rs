//! What becomes of entries: progress of their receivers, dead letters.

use std::fmt;
use std::sync::Arc;

use events_core::{Timestamp, Uuid};

use super::entry::{EntryId, Malformed};
use crate::record::Record;

/// What a consumer says became of an entry.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settlement {
    /// The entry.
    pub entry: EntryId,
    /// The event, where the entry holds one.
    pub event_id: Option<Uuid>,
    /// Every receiver has handled it, given it up, or did not want it: it is pending no longer.
    pub finished: bool,
    /// The receivers that handled the event well. Remembered by the event's id for the time of the duplicate window, if finished;
    /// else a part of the progress.
    pub handled_by: Arc<[Arc<str>]>,
    /// The receivers that are to be tried again, and those that gave up. Empty if finished.
    pub progress: Vec<Progress>,
    /// What nobody will try again by itself.
    pub dead: Vec<DeadLetter>,
}

impl Settlement {
    /// Every receiver is through with it.
    pub const fn finished(
        entry: EntryId,
        event_id: Option<Uuid>,
        handled_by: Arc<[Arc<str>]>,
    ) -> Self {
        Self {
            entry,
            event_id,
            finished: true,
            handled_by,
            progress: Vec::new(),
            dead: Vec::new(),
        }
    }

    /// Some receivers are to be tried again.
    pub const fn waiting(
        entry: EntryId,
        event_id: Option<Uuid>,
        handled_by: Arc<[Arc<str>]>,
        progress: Vec<Progress>,
    ) -> Self {
        Self {
            entry,
            event_id,
            finished: false,
            handled_by,
            progress,
            dead: Vec::new(),
        }
    }

    /// With these dead letters.
    #[must_use]
    pub fn with_dead(mut self, dead: Vec<DeadLetter>) -> Self {
        self.dead = dead;
        self
    }
}

/// What one receiver made of an entry that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The id of the receiver.
    pub receiver: Arc<str>,
    /// How it stands.
    pub state: ReceiverState,
}

impl Progress {
    /// Of this receiver.
    pub const fn new(receiver: Arc<str>, state: ReceiverState) -> Self {
        Self { receiver, state }
    }
}

/// How a receiver stands with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiverState {
    /// It handled the event.
    Handled,
    /// It gave up: there is a dead letter.
    Dead,
    /// It failed, and is to be tried again.
    Failed {
        /// How often it was tried.
        attempts: u32,
        /// When it is to be tried again, by the clock of the consumer.
        next_attempt: Timestamp,
        /// What it said last.
        error: Box<str>,
    },
}

/// Why something became a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadReason {
    /// The entry is no record: its headers cannot be read.
    Malformed,
    /// No event of the consumer's binary has this type.
    UnknownType,
    /// The body cannot be read as the event.
    Undecodable,
    /// The receiver failed as often as it may.
    Exhausted,
    /// The receiver said that trying again is of no use.
    Permanent,
    /// The record names a receiver that the consumer's binary does not have.
    UnknownReceiver,
}

impl DeadReason {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Malformed,
        Self::UnknownType,
        Self::Undecodable,
        Self::Exhausted,
        Self::Permanent,
        Self::UnknownReceiver,
    ];

    /// As a word: `unknown_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownType => "unknown_type",
            Self::Undecodable => "undecodable",
            Self::Exhausted => "exhausted",
            Self::Permanent => "permanent",
            Self::UnknownReceiver => "unknown_receiver",
        }
    }

    /// The reason of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

impl fmt::Display for DeadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What nobody will try again by itself: an entry that cannot be read, or an event that a receiver gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The group that gave it up.
    pub group: Arc<str>,
    /// The receiver that gave it up; none where it did not come to that.
    pub receiver: Option<Arc<str>>,
    /// Why.
    pub reason: DeadReason,
    /// What the receiver, or the decoder, said last.
    pub error: Box<str>,
    /// How often the receiver was tried.
    pub attempts: u32,
    /// The entry that it was.
    pub entry: EntryId,
    /// When it was given up, by the clock of the consumer.
    pub at: Timestamp,
    /// What the entry held.
    pub record: Result<Record, Malformed>,
}

impl DeadLetter {
    /// Of an entry, given up by a group at this time.
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

    /// Given up by this receiver, after so many attempts.
    #[must_use]
    pub fn by_receiver(mut self, receiver: Arc<str>, attempts: u32) -> Self {
        self.receiver = Some(receiver);
        self.attempts = attempts;
        self
    }
}
