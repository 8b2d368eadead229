//! Transports: what keeps events between services.
//!
//! A transport keeps *topics*, which are logs of [records](Record), and for each topic *groups* of consumers, which remember how
//! far they are. It knows nothing of receivers, retries or routing: those are the bus's. Three come with this crate:
//! [`memory`] for tests, [`sqlite`], the embedded default, and [`redis`] Streams. Another crate may bring its own; the public
//! suite [`conformance`] says whether it keeps the promises of [`Transport`].

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod entry;
pub mod error;
#[cfg(feature = "memory")]
pub mod memory;
pub mod names;
#[cfg(feature = "redis")]
pub mod redis;
pub mod settle;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod status;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use entry::{Entry, EntryId, Field, Malformed, ParseEntryIdError, Position, Queue};
pub use error::{TransportError, TransportErrorKind};
pub use settle::{DeadLetter, DeadReason, Progress, ReceiverState, Settlement};
pub use status::{GroupStatus, TopicStatus};

use crate::record::Record;

/// A consumer of a group on a topic: who asks.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "three names, and no more")]
pub struct Member<'a> {
    /// The full name of the topic, with its prefix.
    pub topic: &'a str,
    /// The group.
    pub group: &'a str,
    /// The name of the consumer within the group, which no other running one has.
    pub consumer: &'a str,
}

/// Where a group that is new begins to read. One that was there before goes on where it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Start {
    /// With the oldest record that the topic has.
    #[default]
    Beginning,
    /// With what is published from now on.
    Now,
}

/// Whether a consumer may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It leads the group on this topic until its lease ends, or the group is not led.
    Active,
    /// Another consumer leads the group on this topic.
    Standby,
}

/// The numbers by which a publisher and a transport agree on what was published: see [`Transport::publish`].
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a name and its numbers")]
pub struct Sequence<'a> {
    /// The publisher's outbox. One outbox has one publisher at a time.
    pub outbox: &'a str,
    /// A number for each record, ascending, and larger than those of earlier calls.
    pub numbers: &'a [u64],
}

/// How much of a topic is kept once it was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the three rules that there are")]
pub struct Retention {
    /// At least so many of the newest entries stay.
    pub entries: u64,
    /// Younger entries stay.
    pub age: Duration,
    /// Of entries beyond this number, the oldest go *although a group has not handled them*. `None` loses nothing.
    pub lose_unread_beyond: Option<u64>,
}

/// What keeps events between services.
///
/// # Promises
/// - **Order.** Records are read in the order in which they were published: those of one call in theirs, those of a later call
///   behind them. What was pending is handed out in the order of its entries as well.
/// - **At least once.** An entry that was handed to a consumer stays pending in its group until it is
///   [settled](Self::settle) as finished, whatever becomes of the consumer, the process, or a broker that keeps its data.
/// - **All or nothing.** `publish` and each settlement happen as a whole or not at all. After an error it may be either: who calls
///   again may publish twice, unless it gives a [`Sequence`].
/// - **Leading.** Of a group that is led, one consumer at a time is [active](Standing::Active) on a topic. That is what keeps the
///   order of events of one key when several processes consume in one group: the others stand by.
/// - **Time.** No call blocks for longer than the timeouts that the transport was configured with, beside the `wait` it is given.
/// - **Threads.** Any number of threads may call at the same time.
/// - **Nothing is lost by trimming.** [`trim`](Self::trim) leaves what a group has not finished, unless `lose_unread_beyond` says
///   otherwise.
/// - **Bytes from outside do not panic.** What cannot be read as a record is handed out as [`Malformed`].
///
/// Topic names are full names, with their prefix. A topic begins to be when something is published to it, or a group joins it.
pub trait Transport: Send + Sync + fmt::Debug + 'static {
    /// What it is called in messages and measurements: `sqlite`.
    fn name(&self) -> &'static str;

    /// Appends records to a topic, and says which entries they became.
    ///
    /// With a [`Sequence`], what was published under its numbers before is passed over, so that a publisher that does not know
    /// how a call ended can repeat it: the answer then holds `None` for what was there already. The transport remembers the
    /// largest number for at least a week.
    ///
    /// # Errors
    /// When the records could not be kept. What became of them is not known where
    /// [`is_outcome_unknown`](TransportError::is_outcome_unknown) says so.
    fn publish(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, TransportError>;

    /// Sees to it that the group is there. A group that is there stays where it is.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError>;

    /// Becomes or stays the active consumer of the group for the time of a lease, where nobody else is. Entries that were handed
    /// to this consumer stay with it as long as it leads.
    ///
    /// # Errors
    /// When the transport could not be asked. The lease then ends when it ends.
    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Standing, TransportError>;

    /// Takes over what is pending in the group, from other consumers and from this one's own past, behind an entry (from the first
    /// with `None`), at most so many, in their order. Of other consumers only what was not touched for `idle`.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Result<Vec<Entry>, TransportError>;

    /// Hands out entries that the group has not been given yet: first what was [requeued](Self::requeue), then what is new in the
    /// topic; at most so many of either. Waits that long for the first; an empty answer is no error.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn receive(
        &self,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError>;

    /// Says that the consumer still works on these entries, so that no other one takes them over.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn extend(&self, member: Member<'_>, entries: &[EntryId]) -> Result<(), TransportError>;

    /// Notes what became of entries. A finished entry is no longer pending; of one that is not, the progress of its receivers is
    /// kept, and handed out with it by [`take_over`](Self::take_over). Dead letters are kept in the same step.
    ///
    /// With `leading`, nothing happens where the consumer no longer leads the group.
    ///
    /// # Errors
    /// [`LostLease`](TransportErrorKind::LostLease) as said; and when the transport could not be asked.
    fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), TransportError>;

    /// Gives the group's lead back, and with it what is pending: another consumer may take it over at once.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn leave(&self, member: Member<'_>) -> Result<(), TransportError>;

    /// Gives records to one group of a topic once more: its consumers get them before what is new. Other groups do not see them.
    ///
    /// # Errors
    /// When the records could not be kept.
    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError>;

    /// The topics with their groups, by name.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError>;

    /// How one topic stands; none where it never was.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        let topics = self.topics()?;
        Ok(topics.into_iter().find(|status| status.topic == topic))
    }

    /// Reads a topic without a group: entries from a position on, at most so many. They are as they were published; progress and
    /// deliveries are not looked up.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn read(&self, topic: &str, from: Position, most: usize) -> Result<Vec<Entry>, TransportError>;

    /// The dead letters of a topic, the oldest first, behind one (from the first with `None`), at most so many.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn dead_letters(
        &self,
        topic: &str,
        behind: Option<EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError>;

    /// Removes dead letters, and says how many of them there were.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError>;

    /// Removes what all groups have finished and the retention does not keep. Says how many entries went, and how many of them
    /// *unread*.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError>;

    /// Forgets a group: its position, what is pending in it, and what was requeued for it. Says whether it was there.
    ///
    /// # Errors
    /// When the transport could not be asked.
    fn forget(&self, topic: &str, group: &str) -> Result<bool, TransportError>;
}

/// What [`Transport::trim`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
pub struct Trimmed {
    /// How many entries were removed.
    pub entries: u64,
    /// How many of them a group had not finished.
    pub unread: u64,
}

/// A transport that is shared, as the bus holds it.
pub type SharedTransport = Arc<dyn Transport>;
