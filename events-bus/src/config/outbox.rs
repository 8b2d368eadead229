//! Where events wait until they are published.

use std::time::Duration;

use super::SqliteConfig;

/// Where events wait until they are published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxConfig {
    /// What keeps them.
    pub store: OutboxStore,
    /// How many events may wait, for each topic. 10,000 unless something else is said.
    pub capacity: usize,
    /// What becomes of a send when so many wait.
    pub when_full: WhenFull,
    /// At most so many events are published at once. 500 unless something else is said.
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

/// What keeps the events that wait.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OutboxStore {
    /// Nothing: a send gives the event to the transport at once. For transports that are always there: a file, or memory.
    #[default]
    Transport,
    /// The memory of the process. What waits is lost with it.
    Memory,
    /// A file. What waits survives the process.
    Sqlite(SqliteConfig),
}

/// What becomes of a send when the outbox is full. Nothing is dropped in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It waits for room, at most so long; then it is refused.
    Block(Duration),
    /// It is refused at once: the response of the bus to the send is an error.
    Refuse,
}
