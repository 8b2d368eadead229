//! How topics are consumed.

use std::time::Duration;

use crate::transport::{Retention, Start};

/// How topics are consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerConfig {
    /// How many events are handled at the same time. 4 unless something else is said.
    pub workers: usize,
    /// How many events are in memory at the same time. 1,000 unless something else is said.
    pub max_in_flight: usize,
    /// How many events are read at once. 100 unless something else is said.
    pub batch: usize,
    /// How long a consumer that is no longer heard of keeps its place. 30 seconds unless something else is said.
    pub lease: Duration,
    /// How long a receiver may take, before its event is handed to it again. 5 minutes unless something else is said.
    pub receiver_timeout: Duration,
    /// Where a group that is new begins.
    pub start: StartAt,
    /// Which order is kept.
    pub order: Order,
    /// For how long an event that comes again is recognised. 10 minutes unless something else is said; zero recognises none.
    pub duplicate_window: Duration,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            workers: 4,
            max_in_flight: 1_000,
            batch: 100,
            lease: Duration::from_secs(30),
            receiver_timeout: Duration::from_mins(5),
            start: StartAt::Beginning,
            order: Order::Key,
            duplicate_window: Duration::from_mins(10),
        }
    }
}

/// Where a group that is new begins. One that was there before goes on where it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum StartAt {
    /// With the oldest event that the topic has.
    #[default]
    Beginning,
    /// With what is published from now on.
    Now,
}

impl From<StartAt> for Start {
    fn from(start: StartAt) -> Self {
        match start {
            StartAt::Beginning => Self::Beginning,
            StartAt::Now => Self::Now,
        }
    }
}

/// Which order a group keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Order {
    /// Events of one key are handled one after the other, in the order in which they were published. One process of the group
    /// reads a topic; the others stand by.
    #[default]
    Key,
    /// None. All processes of the group read.
    None,
}

/// Topics that are consumed as a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// The group: services with one name share the events of a topic, those with another get them all.
    pub group: String,
    /// The topics, without the prefix.
    pub topics: Vec<String>,
}

impl Subscription {
    /// Topics, without the prefix, as a group.
    pub fn new(
        group: impl Into<String>,
        topics: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            group: group.into(),
            topics: topics.into_iter().map(Into::into).collect(),
        }
    }
}

/// When a receiver that failed is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// After so many attempts the event becomes a dead letter. 5 unless something else is said.
    pub max_attempts: u32,
    /// The delay after the first attempt. A second unless something else is said.
    pub first_delay: Duration,
    /// The longest delay. 5 minutes unless something else is said.
    pub max_delay: Duration,
    /// What each delay is of the one before. 200 unless something else is said: it doubles.
    pub multiplier_percent: u32,
    /// By how much of it a delay may be shortened at random, so that what failed together is not tried again together. 50 unless
    /// something else is said.
    pub jitter_percent: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_mins(5),
            multiplier_percent: 200,
            jitter_percent: 50,
        }
    }
}

/// What of a topic is kept once every group has handled it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrimPolicy {
    /// At least so many of the newest entries stay. 10,000 unless something else is said.
    pub keep_entries: u64,
    /// Younger entries stay. 7 days unless something else is said.
    pub keep_for: Duration,
    /// Accepts a loss: of entries beyond this number the oldest go, although a group has not handled them.
    pub lose_unread_beyond: Option<u64>,
}

impl Default for TrimPolicy {
    fn default() -> Self {
        Self {
            keep_entries: 10_000,
            keep_for: Duration::from_hours(7 * 24),
            lose_unread_beyond: None,
        }
    }
}

impl TrimPolicy {
    /// The same in the words of a transport.
    pub fn retention(&self) -> Retention {
        Retention {
            entries: self.keep_entries,
            age: self.keep_for,
            lose_unread_beyond: self.lose_unread_beyond,
        }
    }
}
