//! Entries: records as a topic keeps them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use events_core::Timestamp;

use super::settle::RetryState;
use crate::record::Record;

/// Queue of a group that an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Queue {
    /// The redelivery queue of one group: requeued records. It comes first.
    Redelivery,
    /// The topic.
    Topic,
}

/// Number of an entry within its topic, or of a dead letter among the dead letters. Later ones are larger.
///
/// As text it is what Redis calls it, `1795376013252-0`; an entry of the redelivery queue is `requeued:1795376013252-0`. A
/// transport that counts uses the first number alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    queue: Queue,
    major: u64,
    minor: u64,
}

impl EntryId {
    /// Creates the id of an entry of a topic.
    pub const fn new(major: u64, minor: u64) -> Self {
        Self {
            queue: Queue::Topic,
            major,
            minor,
        }
    }

    /// Returns the same number in the redelivery queue.
    #[must_use]
    pub const fn in_redelivery(mut self) -> Self {
        self.queue = Queue::Redelivery;
        self
    }

    /// Returns the queue that the entry belongs to.
    pub const fn queue(self) -> Queue {
        self.queue
    }

    /// Returns the first number: for Redis, milliseconds.
    pub const fn major(self) -> u64 {
        self.major
    }

    /// Returns the second number.
    pub const fn minor(self) -> u64 {
        self.minor
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.queue == Queue::Redelivery {
            f.write_str("requeued:")?;
        }
        write!(f, "{}-{}", self.major, self.minor)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not the id of an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not the id of an entry; expected one such as `1795376013252-0` or `17`; `--json` shows the ids"
)]
pub struct ParseEntryIdError {
    given: Box<str>,
}

impl FromStr for EntryId {
    type Err = ParseEntryIdError;

    fn from_str(text: &str) -> Result<Self, ParseEntryIdError> {
        let refuse = || ParseEntryIdError {
            given: text.chars().take(100).collect::<String>().into(),
        };
        let (requeued, number) = text
            .strip_prefix("requeued:")
            .map_or((false, text), |number| (true, number));
        let (major, minor) = number.split_once('-').unwrap_or((number, "0"));
        let digits = |text: &str| -> Option<u64> {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        };
        let id = digits(major)
            .zip(digits(minor))
            .map(|(major, minor)| Self::new(major, minor))
            .ok_or_else(refuse)?;
        Ok(if requeued { id.in_redelivery() } else { id })
    }
}

/// Position in a topic at which reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Position {
    /// The oldest entry.
    Oldest,
    /// This entry, or the first after its place.
    At(EntryId),
    /// The first entry after this one.
    After(EntryId),
    /// The first entry that was published at this time or later, by the clock of the transport.
    Time(Timestamp),
}

/// A record in a topic, in the redelivery queue of a group, or in its retry queue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Number of the entry. A delivery of the retry queue has the number of the entry that was parked.
    pub id: EntryId,
    /// Time at which it was published, by the clock of the transport.
    pub published_at: Timestamp,
    /// Number of times that it was handed to a consumer of the group, this time included; 0 if it was read without a group.
    pub deliveries: u64,
    /// Number of trial marks, this time included. A trial that ended the process leaves its mark.
    pub trials: u32,
    /// The record, or what the entry holds instead.
    pub record: Result<Record, Malformed>,
    /// State of the one receiver that this is for, if it comes from the retry queue. A pointer, since most entries do not.
    pub retry: Option<Box<RetryState>>,
    /// Receivers that handled this *event* in another entry within the duplicate window.
    pub handled_by: Vec<Arc<str>>,
}

impl Entry {
    /// Creates an entry that was not handed out yet.
    pub const fn new(
        id: EntryId,
        published_at: Timestamp,
        record: Result<Record, Malformed>,
    ) -> Self {
        Self {
            id,
            published_at,
            deliveries: 0,
            trials: 0,
            record,
            retry: None,
            handled_by: Vec::new(),
        }
    }

    /// Returns the entry with this number of deliveries.
    #[must_use]
    pub const fn delivered(mut self, deliveries: u64) -> Self {
        self.deliveries = deliveries;
        self
    }

    /// Returns the entry with this number of trial marks.
    #[must_use]
    pub const fn tried(mut self, trials: u32) -> Self {
        self.trials = trials;
        self
    }

    /// Returns the entry as a delivery of the retry queue.
    #[must_use]
    pub fn retried(mut self, retry: RetryState) -> Self {
        self.retry = Some(Box::new(retry));
        self
    }

    /// Returns the size of its record, or of the fields that stand in its place, in bytes.
    pub fn size(&self) -> usize {
        match &self.record {
            Ok(record) => record.size(),
            Err(malformed) => malformed
                .fields
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum(),
        }
    }
}

/// Name and value of a field of a malformed entry.
pub type Field = (Box<[u8]>, Box<[u8]>);

/// Content of an entry that is not a record: another program wrote it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Malformed {
    /// Reason, which names headers and never their values.
    pub reason: Box<str>,
    /// Event type, if it could be read.
    pub event_type: Option<Box<str>>,
    /// Fields as they are.
    pub fields: Vec<Field>,
}

impl Malformed {
    /// Creates the content of an entry that is not a record.
    pub fn new(reason: impl Into<Box<str>>, event_type: Option<&str>, fields: Vec<Field>) -> Self {
        Self {
            reason: reason.into(),
            event_type: event_type.map(Box::from),
            fields,
        }
    }
}

/// Without the values of the fields.
impl fmt::Debug for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Malformed")
            .field("reason", &self.reason)
            .field("event_type", &self.event_type)
            .field("fields", &self.fields.len())
            .finish()
    }
}
