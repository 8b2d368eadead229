//! Configuration of the outbox: the place where events wait until they are published.

use std::time::Duration;

use super::SqliteConfig;

/// The place where events wait until they are published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxConfig {
    /// The store that keeps them.
    pub store: OutboxStore,
    /// Maximum number of events that wait for one topic. Defaults to 10,000.
    pub capacity: usize,
    /// Reaction of a send when that many events wait. By default a send waits up to 5 s.
    pub when_full: WhenFull,
    /// Maximum number of events in one batch. Defaults to 500. A batch holds at most 8 MiB, or one event.
    pub max_batch: usize,
    /// Time for which a process that stops answering remains the one that publishes a shared outbox. Defaults to 10 s.
    pub lease: Duration,
    /// `true` if the configuration names the store, so that a default is told from a decision.
    pub(super) is_chosen: bool,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            store: OutboxStore::Transport,
            capacity: 10_000,
            when_full: WhenFull::Block(Duration::from_secs(5)),
            max_batch: 500,
            lease: Duration::from_secs(10),
            is_chosen: false,
        }
    }
}

/// The store of an outbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OutboxStore {
    /// No store: a send waits until the transport has the event. For a file, for memory, and for a server to which only
    /// [relays](crate::BusBuilder::relay) publish: a direct send waits for the server and fails when it is down.
    #[default]
    Transport,
    /// The memory of the process. Waiting events are lost with it.
    Memory,
    /// A file. Waiting events survive the process.
    ///
    /// Published events stay in it for 20 s, at most 20,000 of each topic. If the transport forgets what it acknowledged, they are
    /// published again.
    Sqlite(SqliteConfig),
}

/// Reaction of a send when the outbox is full. An event that is not taken is an error of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// The send waits up to this time for room, then fails.
    Block(Duration),
    /// The send fails at once.
    Refuse,
}
