//! Entries: records as a topic keeps them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use events_core::Timestamp;

use super::settle::Progress;
use crate::record::Record;

/// Which of a group's two queues an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Queue {
    /// What was given to one group once more. It comes first.
    Redelivery,
    /// The topic.
    Topic,
}

/// The number of an entry within its topic, or of a dead letter within its. Later ones are larger.
///
/// As text it is what Redis calls it, `1795376013252-0`; of an entry that was requeued, `again:1795376013252-0`. A transport that
/// counts uses the first number alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    queue: Queue,
    major: u64,
    minor: u64,
}

impl EntryId {
    /// The id of an entry of a topic.
    pub const fn new(major: u64, minor: u64) -> Self {
        Self {
            queue: Queue::Topic,
            major,
            minor,
        }
    }

    /// The same number in the queue of what is handled once more.
    #[must_use]
    pub const fn in_redelivery(mut self) -> Self {
        self.queue = Queue::Redelivery;
        self
    }

    /// The queue it is in.
    pub const fn queue(self) -> Queue {
        self.queue
    }

    /// The first number: for Redis, milliseconds.
    pub const fn major(self) -> u64 {
        self.major
    }

    /// The second number.
    pub const fn minor(self) -> u64 {
        self.minor
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.queue == Queue::Redelivery {
            f.write_str("again:")?;
        }
        write!(f, "{}-{}", self.major, self.minor)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no id of an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is no id of an entry, expected one such as `1795376013252-0` or `17`; `--json` shows the ids"
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
        let (again, number) = text
            .strip_prefix("again:")
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
        Ok(if again { id.in_redelivery() } else { id })
    }
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Position {
    /// With the oldest entry.
    Oldest,
    /// With this entry, or the first behind where it would be.
    At(EntryId),
    /// Behind this entry.
    After(EntryId),
    /// With the first entry that was published at that time or later, by the clock of the transport.
    Time(Timestamp),
}

/// A record that a topic keeps.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// When it was published, by the clock of the transport.
    pub published_at: Timestamp,
    /// How often it was handed out to a consumer of the group, this time included; 0 where no group is asked.
    pub deliveries: u64,
    /// The record; or why it is none, and what stood there.
    pub record: Result<Record, Malformed>,
    /// What became of its receivers so far, where it was pending before.
    pub progress: Vec<Progress>,
    /// The receivers that have handled this *event*, in another entry: by them, this one is a duplicate.
    pub handled_by: Vec<Arc<str>>,
}

impl Entry {
    /// An entry that is handed out for the first time.
    pub const fn new(
        id: EntryId,
        published_at: Timestamp,
        record: Result<Record, Malformed>,
    ) -> Self {
        Self {
            id,
            published_at,
            deliveries: 0,
            record,
            progress: Vec::new(),
            handled_by: Vec::new(),
        }
    }

    /// As one that was handed out so often.
    #[must_use]
    pub const fn delivered(mut self, deliveries: u64) -> Self {
        self.deliveries = deliveries;
        self
    }
}

/// A field of a malformed entry: its name and its value.
pub type Field = (Box<[u8]>, Box<[u8]>);

/// What a topic keeps and nobody can read as a record: a stranger wrote it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Malformed {
    /// Why it is no record: names headers, and never their values.
    pub reason: Box<str>,
    /// Its event type, if that could be read.
    pub event_type: Option<Box<str>>,
    /// Its fields as they are, names and values.
    pub fields: Vec<Field>,
}

impl Malformed {
    /// For this reason.
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
