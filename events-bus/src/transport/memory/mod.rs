//! Topics in the memory of the process (feature `memory`): for tests.

mod group;
mod topic;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::{
    DeadLetter, Entry, EntryId, Member, Position, Retention, Sequence, Settlement, Standing, Start,
    TopicStatus, Transport, TransportError, TransportErrorKind, Trimmed,
};
use crate::record::Record;
use topic::Topic;

/// How many entries a topic keeps after they were handled, unless [`Transport::trim`] says otherwise.
const KEPT: usize = 10_000;

/// A transport in memory. What it keeps is lost with it.
///
/// ```
/// use events_bus::transport::memory::MemoryTransport;
/// use events_bus::transport::{Transport, Position};
/// use events_bus::Record;
/// use events_core::EventMetadata;
///
/// let transport = MemoryTransport::new();
/// let record = Record::new(EventMetadata::new("org.example.shop.order.placed.v1"), [34, 0]);
/// transport.publish("orders", &[record], None)?;
/// assert_eq!(transport.read("orders", Position::Oldest, 10)?.len(), 1);
/// # Ok::<(), events_bus::transport::TransportError>(())
/// ```
pub struct MemoryTransport {
    topics: RwLock<BTreeMap<String, Arc<Topic>>>,
    limits: Limits,
}

/// What a topic may hold.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The number of entries at which publishing waits, and then refuses.
    capacity: usize,
    /// How long it waits.
    wait: Duration,
    /// How many handled entries stay.
    kept: usize,
    /// How long the receivers of an event are remembered.
    duplicate_window: Duration,
}

impl MemoryTransport {
    /// An empty transport, without a bound.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits {
            capacity: usize::MAX,
            wait: Duration::ZERO,
            kept: KEPT,
            duplicate_window: Duration::from_mins(10),
        })
    }

    /// An empty transport whose topics hold at most so many entries. Publishing more waits for room, and is refused as
    /// [`Full`](TransportErrorKind::Full) after `wait`. What every group has handled is not kept.
    #[must_use]
    pub fn bounded(capacity: usize, wait: Duration) -> Self {
        Self::with_limits(Limits {
            capacity,
            wait,
            kept: 0,
            duplicate_window: Duration::ZERO,
        })
    }

    /// With this time for which the receivers that handled an event are remembered; zero remembers none. Of each group, the last
    /// 100,000 events at most are remembered.
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

    /// The topic, of which the group is expected to be.
    fn joined(&self, member: Member<'_>) -> Result<Arc<Topic>, TransportError> {
        self.find(member.topic)
            .filter(|topic| topic.has_group(member.group))
            .ok_or_else(|| no_group(member))
    }
}

fn no_group(member: Member<'_>) -> TransportError {
    TransportError::new(
        TransportErrorKind::Refused,
        "memory",
        format!(
            "topic `{}` has no group `{}`; join it first",
            member.topic, member.group
        ),
    )
}

impl Default for MemoryTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("MemoryTransport")
            .field("topics", &topics.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Transport for MemoryTransport {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn publish(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, TransportError> {
        self.topic(topic).publish(records, sequence)
    }

    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.topic(topic).join(group, start);
        Ok(())
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Standing, TransportError> {
        Ok(self.joined(member)?.lead(member, lease))
    }

    fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        Ok(self.joined(member)?.take_over(member, behind, idle, most))
    }

    fn receive(
        &self,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        Ok(self.joined(member)?.receive(member, most, wait))
    }

    fn extend(&self, member: Member<'_>, entries: &[EntryId]) -> Result<(), TransportError> {
        self.joined(member)?.extend(member, entries);
        Ok(())
    }

    fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), TransportError> {
        self.joined(member)?.settle(member, settlements, leading)
    }

    fn leave(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.joined(member)?.leave(member);
        Ok(())
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        let member = Member {
            topic,
            group,
            consumer: "",
        };
        self.joined(member)?.requeue(group, records);
        Ok(())
    }

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

    fn read(&self, topic: &str, from: Position, most: usize) -> Result<Vec<Entry>, TransportError> {
        Ok(self
            .find(topic)
            .map_or_else(Vec::new, |topic| topic.read(from, most)))
    }

    fn dead_letters(
        &self,
        topic: &str,
        behind: Option<EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        Ok(self
            .find(topic)
            .map_or_else(Vec::new, |topic| topic.dead_letters(behind, most)))
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        Ok(self
            .find(topic)
            .map_or(0, |topic| topic.drop_dead_letters(ids)))
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        Ok(self
            .find(topic)
            .map_or_else(Trimmed::default, |topic| topic.trim(retention)))
    }

    fn forget(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        Ok(self.find(topic).is_some_and(|topic| topic.forget(group)))
    }
}
