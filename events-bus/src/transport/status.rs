//! Status of topics and groups.

use events_core::Timestamp;

use super::entry::EntryId;

/// Status of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicStatus {
    /// Full name.
    pub topic: String,
    /// Number of entries.
    pub entries: u64,
    /// The oldest entry.
    pub oldest: Option<EntryId>,
    /// The newest entry.
    pub newest: Option<EntryId>,
    /// Number of dead letters.
    pub dead_letters: u64,
    /// Groups, by name.
    pub groups: Vec<GroupStatus>,
}

impl TopicStatus {
    /// Creates the status of an empty topic.
    pub fn new(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            entries: 0,
            oldest: None,
            newest: None,
            dead_letters: 0,
            groups: Vec::new(),
        }
    }
}

/// Status of a group of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupStatus {
    /// Name.
    pub group: String,
    /// Number of entries that it was not given yet, if the transport knows it.
    pub unread: Option<u64>,
    /// Number of entries of the topic that it was given and has not settled.
    pub pending: u64,
    /// Number of entries of its redelivery queue that it has not settled.
    pub requeued: u64,
    /// Number of deliveries in its retry queue.
    pub parked: u64,
    /// Number of entries that another program removed before the group was given them, if the transport knows it.
    pub lost: u64,
    /// Time at which its oldest entry was published that is not settled.
    pub oldest_unfinished: Option<Timestamp>,
    /// The consumer that holds the lease.
    pub leader: Option<String>,
}

impl GroupStatus {
    /// Creates the status of a group without work.
    pub fn new(group: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            unread: Some(0),
            pending: 0,
            requeued: 0,
            parked: 0,
            lost: 0,
            oldest_unfinished: None,
            leader: None,
        }
    }

    /// Returns the number of entries that it has not settled: unread, pending and requeued ones. Parked deliveries do not count.
    pub fn lag(&self) -> Option<u64> {
        self.unread.map(|unread| {
            unread
                .saturating_add(self.pending)
                .saturating_add(self.requeued)
        })
    }
}
