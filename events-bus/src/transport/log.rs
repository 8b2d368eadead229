//! The log half of a transport: publishing and reading records.

use std::fmt;

use events_core::Uuid;

use super::{Entry, EntryId, Epoch, Position, TransportError};
use crate::record::Record;

/// A log of records for each topic.
///
/// A topic comes into being when something is published to it or a group joins it. Topic names are full names, with their prefix.
pub trait Log: Send + Sync + fmt::Debug + 'static {
    /// Returns the name of the transport for messages and metrics, such as `sqlite`.
    fn name(&self) -> &'static str;

    /// Appends records to a topic and returns the entries that they became, in order.
    ///
    /// The call happens as a whole or not at all. A repeated call publishes the records again: a publisher that repeats calls
    /// uses [`publish_batch`](Self::publish_batch).
    ///
    /// # Errors
    /// Returns an error if the records were not stored, or if that is
    /// [unknown](TransportError::is_outcome_unknown).
    fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError>;

    /// Appends a batch of an outbox to a topic, unless the batch was published before.
    ///
    /// Per incarnation and topic, the transport remembers the newest epoch, the last number and the event ids of the last batch,
    /// for at least a week. [`rules::Publication`](super::rules::Publication) is the rule that every transport applies, in the
    /// same step in which it appends the records. An empty batch only checks the epoch and the acknowledged number.
    ///
    /// # Errors
    /// Returns an error if the records were not stored, or if that is
    /// [unknown](TransportError::is_outcome_unknown).
    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError>;

    /// Reads a topic without a group: up to `limit` entries from a position on, as they were published. Delivery counts and
    /// duplicates are not looked up.
    ///
    /// # Errors
    /// Returns an error if the transport cannot be read.
    fn read(&self, topic: &str, from: Position, limit: usize)
    -> Result<Vec<Entry>, TransportError>;
}

/// Identity of a batch of records from one outbox.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers build it, and it is complete"
)]
pub struct Batch<'a> {
    /// The incarnation of the outbox for this topic. A publisher takes a new one when the transport disputes its numbers.
    pub incarnation: Uuid,
    /// The epoch under which the outbox is published.
    pub epoch: Epoch,
    /// The last number that the transport acknowledged to this incarnation; 0 if there is none.
    pub acknowledged: u64,
    /// A number above 0 for each record, ascending.
    pub numbers: &'a [u64],
}

/// Outcome of [`Log::publish_batch`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every caller handles each case")]
pub enum Receipt {
    /// The topic holds every record: the new entries, and `None` for each record of the last batch that is passed over because
    /// its event id is known. A record that is passed over does not count as published.
    Published(Vec<Option<EntryId>>),
    /// Nothing was appended.
    Disputed(Dispute),
}

/// Reason why a transport refuses a batch of an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every caller handles each case")]
pub enum Dispute {
    /// A newer epoch has published, or another holder has published under the same counter.
    OldEpoch,
    /// A record has a number at or below the last one, and its event id is not in the last batch.
    NumberTaken {
        /// The number.
        number: u64,
        /// The last number that the transport remembers.
        last: u64,
    },
    /// The transport remembers less than it acknowledged: it failed over to a lagging replica, was restored or was emptied.
    Forgotten {
        /// The last number that the transport remembers; 0 if it remembers nothing.
        last: u64,
    },
}
