//! What a bus is told: the transport, the outbox, the routes of events, and how they are consumed.
//!
//! A [`BusConfig`] is plain data. It is written in code,
//!
//! ```
//! use events_bus::config::{BusConfig, OutboxStore};
//!
//! let mut config = BusConfig::redis("redis://localhost:6379/0")
//!     .with_topic_prefix("stage")
//!     .with_outbox(OutboxStore::Memory)
//!     .with_subscription("lms", &["user-events"]);
//! config.retry.max_attempts = 10;
//! assert_eq!(config.full_topic("user-events"), "stage-user-events");
//! ```
//!
//! or read from the table `bus` of TOML and JSON files, by [`BusConfig::from_config`]. The book has a page on the keys.
//!
//! Nothing stands in for what is wrong: [`BusConfig::check`] finds it, and a bus does not start with it. The only way to have no
//! bus is to say so: [`BusConfig::none`].

mod check;
mod consumer;
mod key;
mod limits;
mod outbox;
mod problem;
mod read;
mod routes;
mod secret;
mod transport;
mod url;

use std::path::PathBuf;

pub use consumer::{ConsumerConfig, Order, RetryPolicy, StartAt, Subscription, TrimPolicy};
pub use key::KeyPath;
pub use outbox::{OutboxConfig, OutboxStore, WhenFull};
pub use problem::{BusConfigError, BusConfigErrors};
pub use routes::{Route, Routes};
pub use secret::Secret;
pub use transport::{RedisConfig, SqliteConfig, SqliteSync, TransportConfig};

/// What a bus is told. See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BusConfig {
    /// What keeps the events.
    pub transport: TransportConfig,
    /// Where events wait until they are published.
    pub outbox: OutboxConfig,
    /// Which events are published, and to which topics.
    pub routes: Routes,
    /// How topics are consumed.
    pub consumer: ConsumerConfig,
    /// What the bus consumes from its start.
    pub subscriptions: Vec<Subscription>,
    /// When a receiver that failed is tried again.
    pub retry: RetryPolicy,
    /// What of a topic is kept.
    pub trim: TrimPolicy,
    /// Private, since the full names of topics in `routes` follow from it.
    topic_prefix: Option<String>,
}

impl BusConfig {
    /// No bus: nothing leaves the process, and nothing comes in.
    pub fn none() -> Self {
        Self::default()
    }

    /// A bus within this process, which is lost with it: for tests.
    pub fn memory() -> Self {
        Self::on(TransportConfig::Memory)
    }

    /// A bus in a file, which is made where it is not there. It is [safe from loss of power](SqliteSync::Full).
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::on(TransportConfig::Sqlite(SqliteConfig::new(path)))
    }

    /// A bus on a Redis server: `redis://host:6379/0`, `rediss://…` (TLS), or `redis+unix:///path`.
    ///
    /// A bus that publishes to it has to say [where events wait](Self::with_outbox) while the server does not answer.
    pub fn redis(url: impl Into<String>) -> Self {
        Self::on(TransportConfig::Redis(RedisConfig::new(url)))
    }

    fn on(transport: TransportConfig) -> Self {
        Self {
            transport,
            ..Self::default()
        }
    }

    /// Begins the names of all topics with a prefix and `-`: `stage-user-events`.
    #[must_use]
    pub fn with_topic_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.topic_prefix = Some(prefix.into());
        self.routes.rename(self.topic_prefix.as_deref());
        self
    }

    /// Where events wait until they are published.
    #[must_use]
    pub fn with_outbox(mut self, store: OutboxStore) -> Self {
        self.outbox.store = store;
        self
    }

    /// Publishes an event to a topic, whose name is given without the prefix. Its key is [its own](events_core::Event::key).
    ///
    /// An event may have several topics.
    #[must_use]
    pub fn with_route(self, event_type: &str, topic: &str) -> Self {
        self.routed(event_type, topic, None)
    }

    /// The same, with a field of the event as its key instead of its own.
    #[must_use]
    pub fn with_keyed_route(self, event_type: &str, topic: &str, key: impl Into<KeyPath>) -> Self {
        self.routed(event_type, topic, Some(key.into()))
    }

    /// Publishes nothing to a topic, whose name is given without the prefix, whatever the configuration says otherwise.
    #[must_use]
    pub fn without_route(mut self, event_type: &str, topic: &str) -> Self {
        let routes = self.routes.entry(event_type);
        Route::among(routes, topic, self.topic_prefix.as_deref()).enabled = false;
        self
    }

    fn routed(mut self, event_type: &str, topic: &str, key: Option<KeyPath>) -> Self {
        let routes = self.routes.entry(event_type);
        let route = Route::among(routes, topic, self.topic_prefix.as_deref());
        route.key = key;
        route.enabled = true;
        self
    }

    /// Consumes topics, whose names are given without the prefix, as a group.
    #[must_use]
    pub fn with_subscription(mut self, group: &str, topics: &[&str]) -> Self {
        self.subscriptions
            .push(Subscription::new(group, topics.iter().copied()));
        self
    }

    /// What the names of topics begin with.
    pub fn topic_prefix(&self) -> Option<&str> {
        self.topic_prefix.as_deref()
    }

    /// The name that a topic has in the transport: with the prefix.
    pub fn full_topic(&self, topic: &str) -> String {
        routes::full_topic(self.topic_prefix.as_deref(), topic)
    }

    /// Whether it can be what it says, with the events of this binary.
    ///
    /// A bus checks its configuration before it starts.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn check(&self) -> Result<(), BusConfigErrors> {
        let problems = check::problems(self);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(BusConfigErrors(problems))
        }
    }
}
