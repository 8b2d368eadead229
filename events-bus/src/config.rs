//! The configuration of a bus.
#![allow(missing_docs, clippy::exhaustive_enums, reason = "stand-in")]

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use events_core::AnyEvent;

use crate::transport::{Retention, Start};

#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct BusConfig {
    pub transport: TransportConfig,
    pub topic_prefix: Option<String>,
    pub outbox: OutboxConfig,
    pub routes: Routes,
    pub consumer: ConsumerConfig,
    pub subscriptions: Vec<Subscription>,
    pub retry: RetryPolicy,
    pub trim: TrimPolicy,
}
#[derive(Debug, Clone, Default)]
pub enum TransportConfig {
    #[default]
    None,
    Memory,
    Sqlite(SqliteConfig),
    Redis(RedisConfig),
}
#[derive(Debug, Clone)]
pub struct SqliteConfig {
    pub path: PathBuf,
    pub sync: SqliteSync,
}
#[derive(Debug, Clone, Copy)]
pub enum SqliteSync {
    Full,
    Normal,
}
#[derive(Debug, Clone)]
pub struct RedisConfig {
    pub url: Secret,
    pub connect_timeout: Duration,
    pub response_timeout: Duration,
}
#[derive(Clone)]
pub struct Secret(String);
impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
#[derive(Debug, Clone)]
pub struct OutboxConfig {
    pub store: OutboxStore,
    pub capacity: usize,
    pub when_full: WhenFull,
    pub max_batch: usize,
}
impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            store: OutboxStore::Transport,
            capacity: 10_000,
            when_full: WhenFull::Block(Duration::from_secs(5)),
            max_batch: 500,
        }
    }
}
#[derive(Debug, Clone)]
pub enum OutboxStore {
    Transport,
    Memory,
    Sqlite(SqliteConfig),
}
#[derive(Debug, Clone, Copy)]
pub enum WhenFull {
    Block(Duration),
    Refuse,
}
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<(String, Vec<Route>)>);
impl Routes {
    pub fn for_event(&self, event_type: &str) -> &[Route] {
        self.0
            .iter()
            .find(|(of, _)| of == event_type)
            .map_or(&[], |(_, routes)| routes)
    }
}
#[derive(Debug, Clone)]
pub struct Route {
    pub topic: String,
    pub key: Option<KeyPath>,
    pub enabled: bool,
}
#[derive(Debug, Clone)]
pub struct KeyPath(String);
impl KeyPath {
    pub fn of(&self, _: AnyEvent<'_>) -> Option<String> {
        Some(self.0.clone())
    }
}
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConsumerConfig {
    pub workers: usize,
    pub max_in_flight: usize,
    pub batch: usize,
    pub lease: Duration,
    pub receiver_timeout: Duration,
    pub start: StartAt,
    pub order: Order,
    pub duplicate_window: Duration,
}
impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            workers: 4,
            max_in_flight: 1000,
            batch: 100,
            lease: Duration::from_secs(30),
            receiver_timeout: Duration::from_mins(5),
            start: StartAt::Beginning,
            order: Order::Key,
            duplicate_window: Duration::from_mins(10),
        }
    }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    Beginning,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Key,
    None,
}
#[derive(Debug, Clone)]
pub struct Subscription {
    pub group: String,
    pub topics: Vec<String>,
}
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetryPolicy {
    pub max_attempts: u32,
    pub first_delay: Duration,
    pub max_delay: Duration,
    pub multiplier_percent: u32,
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
#[derive(Debug, Clone)]
pub struct TrimPolicy {
    pub keep_entries: u64,
    pub keep_for: Duration,
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
    pub fn retention(&self) -> Retention {
        Retention {
            entries: self.keep_entries,
            age: self.keep_for,
            lose_unread_beyond: self.lose_unread_beyond,
        }
    }
}
#[derive(Debug)]
pub struct BusConfigErrors(Vec<String>);
impl fmt::Display for BusConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}
impl std::error::Error for BusConfigErrors {}
impl BusConfig {
    pub fn memory() -> Self {
        Self {
            transport: TransportConfig::Memory,
            ..Self::default()
        }
    }
    #[must_use]
    pub fn with_route(mut self, event_type: &str, topic: &str) -> Self {
        let route = Route {
            topic: self.full_topic(topic),
            key: None,
            enabled: true,
        };
        self.routes.0.push((event_type.to_owned(), vec![route]));
        self
    }
    #[must_use]
    pub fn with_subscription(mut self, group: &str, topics: &[&str]) -> Self {
        self.subscriptions.push(Subscription {
            group: group.to_owned(),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        });
        self
    }
    pub fn full_topic(&self, topic: &str) -> String {
        match &self.topic_prefix {
            Some(prefix) => format!("{prefix}-{topic}"),
            None => topic.to_owned(),
        }
    }
    pub fn check(&self) -> Result<(), BusConfigErrors> {
        Ok(())
    }
}
