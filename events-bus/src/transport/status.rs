//! How topics and groups stand.

use events_core::Timestamp;

use super::entry::EntryId;

/// A topic as it is at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicStatus {
    /// The full name.
    pub topic: String,
    /// How many entries it keeps.
    pub entries: u64,
    /// The oldest entry that it keeps.
    pub oldest: Option<EntryId>,
    /// The newest.
    pub newest: Option<EntryId>,
    /// How many dead letters it has.
    pub dead_letters: u64,
    /// Its groups, by name.
    pub groups: Vec<GroupStatus>,
}

impl TopicStatus {
    /// A topic with nothing in it.
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

/// A group of a topic as it is at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupStatus {
    /// Its name.
    pub group: String,
    /// How many entries it has not been given yet, where the transport can tell.
    pub unread: Option<u64>,
    /// How many it was given and has not finished.
    pub pending: u64,
    /// How many were requeued for it and not finished.
    pub requeued: u64,
    /// When the oldest entry was published that it has not finished, pending or unread.
    pub oldest_unfinished: Option<Timestamp>,
    /// The consumer that leads it.
    pub leader: Option<String>,
}

impl GroupStatus {
    /// A group that has nothing to do.
    pub fn new(group: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            unread: Some(0),
            pending: 0,
            requeued: 0,
            oldest_unfinished: None,
            leader: None,
        }
    }

    /// How many entries it has not finished.
    pub fn lag(&self) -> Option<u64> {
        self.unread
            .map(|unread| unread.saturating_add(self.pending))
    }
}
