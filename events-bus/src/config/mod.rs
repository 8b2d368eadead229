//! Configuration of a bus: the transport, the outbox, the routes of events, and how they are consumed.
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
mod transport;

use std::path::PathBuf;

use events_core::config::ConfigErrorKind;

pub use consumer::{
    ConsumerConfig, DeadLetterPolicy, Order, RetryPolicy, StartAt, Subscription, TrimPolicy,
    UnknownTypes,
};
pub use key::KeyPath;
pub use outbox::{OutboxConfig, OutboxStore, WhenFull};
pub use problem::{BusConfigError, BusConfigErrors};
pub use routes::{Route, Routes};
pub use transport::TransportConfig;

pub use crate::transport::driver::{MemoryConfig, RedisConfig, Secret, SqliteConfig, SqliteSync};

use crate::transport::driver::{self, Settings};
use problem::Path;

/// Configuration of a bus. See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BusConfig {
    /// The transport that keeps the events.
    pub transport: TransportConfig,
    /// The place where events wait until they are published.
    pub outbox: OutboxConfig,
    /// Maximum size of an event in bytes: its body, key and type. Defaults to 16 MiB. A larger event fails at the send.
    pub max_event_bytes: usize,
    /// Routes of events to topics.
    pub routes: Routes,
    /// Configuration of consumers.
    pub consumer: ConsumerConfig,
    /// Topics that the bus consumes from its start.
    pub subscriptions: Vec<Subscription>,
    /// Policy of retries.
    pub retry: RetryPolicy,
    /// Retention of topics.
    pub trim: TrimPolicy,
    /// Limits on the dead letters of a topic.
    pub dead_letters: DeadLetterPolicy,
    /// Private, since the full names of topics in `routes` follow from it.
    topic_prefix: Option<String>,
}

/// Default of [`BusConfig::max_event_bytes`].
const MAX_EVENT_BYTES: usize = 16 << 20;

impl Default for BusConfig {
    fn default() -> Self {
        Self {
            transport: TransportConfig::default(),
            outbox: OutboxConfig::default(),
            max_event_bytes: MAX_EVENT_BYTES,
            routes: Routes::default(),
            consumer: ConsumerConfig::default(),
            subscriptions: Vec::new(),
            retry: RetryPolicy::default(),
            trim: TrimPolicy::default(),
            dead_letters: DeadLetterPolicy::default(),
            topic_prefix: None,
        }
    }
}

impl BusConfig {
    /// No bus: nothing leaves the process, and nothing comes in.
    pub fn none() -> Self {
        Self::default()
    }

    /// A bus within this process, which is lost with it: for tests.
    pub fn memory() -> Self {
        Self::on(MemoryConfig::default())
    }

    /// A bus in a file, which is made where it is not there. It is [safe from loss of power](SqliteSync::Full).
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::on(SqliteConfig::new(path))
    }

    /// A bus on a Redis server: `redis://host:6379/0`, `rediss://…` (TLS), or `redis+unix:///path`.
    ///
    /// A bus that publishes to it has to say [where events wait](Self::with_outbox) while the server does not answer.
    pub fn redis(url: impl Into<String>) -> Self {
        Self::on(RedisConfig::new(url))
    }

    /// A bus on a transport with these settings, such as one of another crate.
    pub fn on(settings: impl Settings) -> Self {
        Self {
            transport: settings.into(),
            ..Self::default()
        }
    }

    /// A bus on the transport that a URL names: `sqlite:events.db`, `redis://localhost:6379/0`, or a URL of a
    /// [registered](crate::transport::register) transport.
    ///
    /// # Errors
    /// Returns an error if no transport has the scheme, or if the transport refuses the URL.
    pub fn from_url(url: &str) -> Result<Self, BusConfigErrors> {
        match driver::settings_of(url) {
            Ok(settings) => Ok(Self {
                transport: settings.into(),
                ..Self::default()
            }),
            Err(problem) => Err(BusConfigErrors(vec![BusConfigError {
                kind: ConfigErrorKind::InvalidValue,
                path: Path::default(),
                also: Vec::new(),
                required_by: None,
                message: format!("the URL of the bus {problem}"),
            }])),
        }
    }

    /// Begins the names of all topics with a prefix and `-`: `stage-user-events`.
    #[must_use]
    pub fn with_topic_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.topic_prefix = Some(prefix.into());
        self.routes.rename(self.topic_prefix.as_deref());
        self
    }

    /// Returns the configuration with a store in which events wait until they are published.
    #[must_use]
    pub fn with_outbox(mut self, store: OutboxStore) -> Self {
        self.outbox.store = store;
        self.outbox.is_chosen = true;
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

    /// Returns the prefix of the names of topics.
    pub fn topic_prefix(&self) -> Option<&str> {
        self.topic_prefix.as_deref()
    }

    /// The name that a topic has in the transport: with the prefix.
    pub fn full_topic(&self, topic: &str) -> String {
        routes::full_topic(self.topic_prefix.as_deref(), topic)
    }

    /// Checks the configuration against the events of this binary.
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
