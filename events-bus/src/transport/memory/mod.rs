//! Topics in the memory of the process (feature `memory`): for tests.

mod group;
mod handled;
mod holder;
mod maintenance;
mod state;
mod topic;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::{
    Batch, Claim, Claimed, DeadLetter, DeadLetterLimits, Entry, EntryId, Groups, Leadership, Limit,
    Log, Maintenance, Member, Position, Receipt, Retention, RetryId, RetryState, Settlement, Start,
    TopicStatus, TransportError, TransportErrorKind, Trimmed,
};
use crate::record::Record;
use topic::Topic;

/// Name of the transport.
pub(super) const NAME: &str = "memory";

/// Number of handled entries that a topic keeps.
const KEPT: usize = 10_000;

/// A transport in memory. Its events are lost with it.
///
/// ```
/// use events_bus::transport::memory::MemoryTransport;
/// use events_bus::transport::{Log, Position};
/// use events_bus::Record;
/// use events_core::EventMetadata;
///
/// let transport = MemoryTransport::new();
/// let record = Record::new(EventMetadata::new("org.example.shop.order.placed.v1"), [34, 0]);
/// transport.publish("orders", &[record])?;
/// assert_eq!(transport.read("orders", Position::Oldest, 10)?.len(), 1);
/// # Ok::<(), events_bus::transport::TransportError>(())
/// ```
pub struct MemoryTransport {
    topics: RwLock<BTreeMap<String, Arc<Topic>>>,
    limits: Limits,
}

/// Limits of a topic.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Number of entries at which publishing waits, and then fails.
    capacity: usize,
    /// Time for which it waits.
    wait: Duration,
    /// Number of handled entries that stay.
    kept: usize,
    /// Time for which the receivers of an event are remembered.
    duplicate_window: Duration,
}

impl MemoryTransport {
    /// Creates an empty transport without a bound.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits {
            capacity: usize::MAX,
            wait: Duration::ZERO,
            kept: KEPT,
            duplicate_window: Duration::from_mins(10),
        })
    }

    /// Creates an empty transport whose topics hold at most `capacity` entries. Publishing more waits for room, and fails as
    /// [`Full`](TransportErrorKind::Full) after `wait`. Entries that every group has handled are removed at once.
    #[must_use]
    pub fn bounded(capacity: usize, wait: Duration) -> Self {
        Self::with_limits(Limits {
            capacity,
            wait,
            kept: 0,
            duplicate_window: Duration::ZERO,
        })
    }

    /// Returns the transport with a duplicate window: the time for which it remembers who handled an event. Zero remembers
    /// nothing. It remembers at most the last 100,000 events of a group.
    #[must_use]
    pub fn with_duplicate_window(mut self, window: Duration) -> Self {
        self.limits.duplicate_window = window;
        self
    }

    fn with_limits(limits: Limits) -> Self {
        Self {
            topics: RwLock::default(),
            limits,
        }
    }

    fn find(&self, topic: &str) -> Option<Arc<Topic>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.get(topic).cloned()
    }

    fn topic(&self, name: &str) -> Arc<Topic> {
        if let Some(topic) = self.find(name) {
            return topic;
        }
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        let topic = topics
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Topic::new(self.limits)));
        Arc::clone(topic)
    }

    /// Returns the topic of a member, which its group has joined.
    fn joined(&self, member: Member<'_>) -> Result<Arc<Topic>, TransportError> {
        self.find(member.topic)
            .filter(|topic| topic.has_group(member.group))
            .ok_or_else(|| {
                let Member { topic, group, .. } = member;
                TransportError::new(
                    TransportErrorKind::Refused,
                    NAME,
                    format!("topic `{topic}` has no group `{group}`; join it first"),
                )
            })
    }
}

impl Default for MemoryTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransport")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Log for MemoryTransport {
    fn name(&self) -> &'static str {
        NAME
    }

    fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        self.topic(topic).publish(records)
    }

    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        self.topic(topic).publish_batch(records, batch)
    }

    fn read(
        &self,
        topic: &str,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        Ok(self
            .find(topic)
            .map_or_else(Vec::new, |topic| topic.read(from, limit)))
    }
}

impl Groups for MemoryTransport {
    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.topic(topic).join(group, start);
        Ok(())
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Leadership, TransportError> {
        self.joined(member)?.lead(member, lease)
    }

    fn renew(
        &self,
        member: Member<'_>,
        lease: Duration,
        entries: &[EntryId],
    ) -> Result<(), TransportError> {
        self.joined(member)?.renew(member, lease, entries)
    }

    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        self.joined(member)?.receive(member, limit, wait)
    }

    fn claim(&self, member: Member<'_>, claim: Claim) -> Result<Claimed, TransportError> {
        self.joined(member)?.claim(member, claim)
    }

    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError> {
        self.joined(member)?.settle(member, settlements)
    }

    fn release(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.joined(member)?.release(member);
        Ok(())
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        let member = Member::new(topic, group, "");
        self.joined(member)?.requeue(group, records);
        Ok(())
    }

    fn retries(&self, member: Member<'_>) -> Result<Vec<(EntryId, RetryState)>, TransportError> {
        self.joined(member)?.retries(member)
    }

    fn claim_retries(
        &self,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Result<Vec<Entry>, TransportError> {
        self.joined(member)?
            .claim_retries(member, retries, idle, trial)
    }
}

impl Maintenance for MemoryTransport {
    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError> {
        let topics = self
            .topics
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Ok(topics
            .iter()
            .map(|(name, topic)| topic.status(name))
            .collect())
    }

    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        Ok(self.find(topic).map(|found| found.status(topic)))
    }

    fn dead_letters(
        &self,
        topic: &str,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        Ok(self
            .find(topic)
            .map_or_else(Vec::new, |topic| topic.dead_letters(after, limit)))
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        Ok(self
            .find(topic)
            .map_or(0, |topic| topic.drop_dead_letters(ids)))
    }

    fn trim_dead_letters(
        &self,
        topic: &str,
        limits: DeadLetterLimits,
    ) -> Result<u64, TransportError> {
        Ok(self
            .find(topic)
            .map_or(0, |topic| topic.trim_dead_letters(limits)))
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        Ok(self
            .find(topic)
            .map_or_else(Trimmed::default, |topic| topic.trim(retention)))
    }

    fn delete_group(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        Ok(self
            .find(topic)
            .is_some_and(|topic| topic.delete_group(group)))
    }
}
