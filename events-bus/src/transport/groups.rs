//! The group half of a transport: readers, positions and results.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Entry, EntryId, Leadership, Member, RetryState, Settlement, TransportError};
use crate::record::Record;

/// Position at which a new group begins to read. An existing group continues where it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Start {
    /// The oldest record of the topic.
    #[default]
    Beginning,
    /// The first record that is published from now on.
    Now,
}

/// Upper bound on what one call hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a count and a size")]
pub struct Limit {
    /// Maximum number of entries.
    pub entries: usize,
    /// Maximum sum of [`Record::size`], in bytes. A call hands out one entry even if that alone is larger.
    pub bytes: usize,
}

impl Limit {
    /// Creates a limit on the number of entries, with at most 8 MiB.
    pub const fn entries(entries: usize) -> Self {
        Self {
            entries,
            bytes: 8 << 20,
        }
    }
}

/// Selection of pending entries for [`Groups::claim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers build it, and it is complete"
)]
pub struct Claim {
    /// Claims entries after this one; from the first if `None`.
    pub after: Option<EntryId>,
    /// Also claims the entries that this consumer holds already.
    pub own: bool,
    /// Claims an entry of another consumer only if that consumer has not touched it for this time.
    pub idle: Duration,
    /// Upper bound on the claimed entries.
    pub limit: Limit,
    /// An entry that was delivered this often, or that has a trial mark, is a *suspect*.
    pub max_deliveries: u64,
    /// Claims the first entry if it is a suspect: alone, with a trial mark.
    pub trial: bool,
}

/// Outcome of [`Groups::claim`].
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "transports build it, and it is complete"
)]
pub struct Claimed {
    /// The claimed entries, in order.
    pub entries: Vec<Entry>,
    /// The suspect that ended the call. It was not claimed.
    pub suspect: Option<EntryId>,
}

/// Identity of a delivery in the retry queue of a group: the entry that was parked, and the receiver that is retried.
pub type RetryId = (EntryId, Arc<str>);

/// Consumer groups of topics.
///
/// # Fencing
/// A [`Member`] with an epoch acts under it. Every call with an epoch that is not the current one of the group fails with
/// [`LostLease`](super::TransportErrorKind::LostLease) and changes nothing; the check and the change are one atomic step. A process
/// may be paused for any time between two calls, or within one. A member without an epoch is not fenced.
///
/// The current epoch changes only when a consumer takes or releases the lead. A lease that ended without a successor still
/// belongs to its epoch: the leader may go on and renew it.
pub trait Groups: Send + Sync + fmt::Debug + 'static {
    /// Creates the group if it does not exist.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer.
    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError>;

    /// Takes the lead of the group unless another consumer holds a lease. Each success begins a new epoch, also for the consumer
    /// that leads already. Survives loss of power once it returns.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer.
    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Leadership, TransportError>;

    /// Extends the lease of the leader. Without an epoch, marks entries of this consumer as touched, so that no other consumer
    /// claims them.
    ///
    /// # Errors
    /// Returns [`LostLease`](super::TransportErrorKind::LostLease) if the epoch is old, and an error if the transport does not
    /// answer.
    fn renew(
        &self,
        member: Member<'_>,
        lease: Duration,
        entries: &[EntryId],
    ) -> Result<(), TransportError>;

    /// Hands out entries that the group was not given yet: requeued ones first, then new ones of the topic. While new ones wait,
    /// requeued ones take at most half of the limit. Waits up to `wait` for the first entry; an empty answer is not an error.
    /// The wait changes nothing. Looks up which receivers handled the event within the duplicate window.
    ///
    /// # Errors
    /// Returns [`LostLease`](super::TransportErrorKind::LostLease) if the epoch is old, and an error if the transport does not
    /// answer.
    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError>;

    /// Claims pending entries, in order, and counts a delivery for each. Stops before a suspect unless `claim.trial` claims it.
    ///
    /// A trial mark is stored before the call returns. It survives the end of the process, and goes when the entry is settled or
    /// released. [`Entry::trials`] counts the marks. Looks up duplicates as [`receive`](Self::receive) does.
    ///
    /// # Errors
    /// Returns [`LostLease`](super::TransportErrorKind::LostLease) if the epoch is old, and an error if the transport does not
    /// answer.
    fn claim(&self, member: Member<'_>, claim: Claim) -> Result<Claimed, TransportError>;

    /// Settles entries: removes each from the pending entries, and in the same step remembers who handled its event, stores its
    /// dead letters and parks what is to be retried. An entry that is not pending any more is passed over with everything that
    /// belongs to it.
    ///
    /// A settlement with a receiver settles a delivery of the retry queue: it is removed, or updated in place if it is parked
    /// again. Parking resets the count of deliveries and the trial marks.
    ///
    /// # Errors
    /// Returns [`LostLease`](super::TransportErrorKind::LostLease) if the epoch is old, and an error if the transport does not
    /// answer. Then nothing is settled.
    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError>;

    /// Gives up the lead and every entry that the consumer holds: another consumer may lead, and claim them, at once. The
    /// deliveries and trial marks of those entries do not count.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer. An old epoch is not an error.
    fn release(&self, member: Member<'_>) -> Result<(), TransportError>;

    /// Appends records to the redelivery queue of one group. Other groups do not see them.
    ///
    /// # Errors
    /// Returns an error if the group does not exist or the records cannot be stored.
    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError>;

    /// Lists the retry queue of the group, in the order of the entries.
    ///
    /// # Errors
    /// Returns [`LostLease`](super::TransportErrorKind::LostLease) if the epoch is old, and an error if the transport does not
    /// answer.
    fn retries(&self, member: Member<'_>) -> Result<Vec<(EntryId, RetryState)>, TransportError>;

    /// Claims deliveries of the retry queue and counts a delivery for each. Passes over those that are gone, and those of another
    /// consumer that were touched within `idle`. With `trial`, stores a trial mark for each as [`claim`](Self::claim) does.
    ///
    /// # Errors
    /// Returns [`LostLease`](super::TransportErrorKind::LostLease) if the epoch is old, and an error if the transport does not
    /// answer.
    fn claim_retries(
        &self,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Result<Vec<Entry>, TransportError>;
}
