//! Configuration of consumers: topics, limits, retries, and what stays of a topic.

use std::time::Duration;

use crate::transport::{DeadLetterLimits, Retention, Start};

/// Configuration of consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerConfig {
    /// Number of receivers that run at the same time. Defaults to 4.
    pub workers: usize,
    /// Maximum number of events in memory. Defaults to 1,000.
    pub max_in_flight: usize,
    /// Maximum size of the events in memory, in bytes. One event more may be in memory. Defaults to 64 MiB.
    pub max_in_flight_bytes: usize,
    /// Maximum number of events that are received at once. Defaults to 100.
    pub batch: usize,
    /// Number of parked deliveries beyond which nothing new is received. Defaults to 100,000.
    pub max_parked: usize,
    /// Number of deliveries without a result after which an event is handled alone, because the process may have ended because of
    /// it. Defaults to 5.
    pub max_deliveries: u64,
    /// Time for which a consumer that is not heard of keeps its lead. Defaults to 10 seconds; it is renewed after a third of it.
    pub lease: Duration,
    /// Time after which a receiver that has not come back counts as failed. Defaults to 5 minutes.
    pub receiver_timeout: Duration,
    /// Position at which a new group begins.
    pub start: StartAt,
    /// Order that a group keeps.
    pub order: Order,
    /// Time for which an event that comes again is recognized. Defaults to 10 minutes; zero recognizes none.
    pub duplicate_window: Duration,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            workers: 4,
            max_in_flight: 1_000,
            max_in_flight_bytes: 64 << 20,
            batch: 100,
            max_parked: 100_000,
            max_deliveries: 5,
            lease: Duration::from_secs(10),
            receiver_timeout: Duration::from_mins(5),
            start: StartAt::Beginning,
            order: Order::Key,
            duplicate_window: Duration::from_mins(10),
        }
    }
}

/// Position at which a new group begins. An existing group continues where it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum StartAt {
    /// The oldest event of the topic.
    #[default]
    Beginning,
    /// The first event that is published from now on.
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

/// Order that a group keeps.
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

/// Treatment of events whose type this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UnknownTypes {
    /// They become dead letters.
    #[default]
    DeadLetter,
    /// They are passed over and counted.
    Skip,
}

/// Topics that are consumed as a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// The group: services with one group share the events of a topic, those with another get them all.
    pub group: String,
    /// The topics, without the prefix.
    pub topics: Vec<String>,
    /// Treatment of events whose type this program does not know. Defaults to dead letters.
    pub unknown_types: UnknownTypes,
}

impl Subscription {
    /// Creates a subscription of topics, without the prefix, as a group.
    pub fn new(
        group: impl Into<String>,
        topics: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            group: group.into(),
            topics: topics.into_iter().map(Into::into).collect(),
            unknown_types: UnknownTypes::DeadLetter,
        }
    }
}

/// Policy for receivers that fail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Number of attempts after which the event becomes a dead letter. Defaults to 5.
    pub max_attempts: u32,
    /// Delay after the first attempt. Defaults to 1 second.
    pub first_delay: Duration,
    /// Maximum delay. Defaults to 5 minutes.
    pub max_delay: Duration,
    /// Each delay in percent of the one before. Defaults to 200: it doubles.
    pub multiplier_percent: u32,
    /// Maximum share in percent by which a delay is shortened at random, so that receivers that failed together are not retried
    /// together. Defaults to 50.
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

/// Amount of a topic that stays once every group has handled it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrimPolicy {
    /// Number of newest entries that stay. Defaults to 10,000.
    pub keep_entries: u64,
    /// Age below which entries stay. Defaults to 7 days.
    pub keep_for: Duration,
    /// Number of entries beyond which the oldest go, although a group has not handled them: this loses events.
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
    /// Returns the retention that a transport is told.
    pub fn retention(&self) -> Retention {
        Retention {
            entries: self.keep_entries,
            age: self.keep_for,
            before: None,
            lose_unread_beyond: self.lose_unread_beyond,
        }
    }
}

/// Limits on the dead letters of a topic. The oldest go first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetterPolicy {
    /// Maximum number of dead letters. Defaults to 100,000.
    pub max_entries: u64,
    /// Maximum age of a dead letter. Defaults to 30 days.
    pub max_age: Duration,
}

impl Default for DeadLetterPolicy {
    fn default() -> Self {
        Self {
            max_entries: 100_000,
            max_age: Duration::from_hours(30 * 24),
        }
    }
}

impl DeadLetterPolicy {
    /// Returns the limits that a transport is told.
    pub fn limits(&self) -> DeadLetterLimits {
        DeadLetterLimits {
            entries: Some(self.max_entries),
            age: Some(self.max_age),
        }
    }
}
