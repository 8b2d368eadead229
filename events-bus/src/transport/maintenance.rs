//! The maintenance half of a transport: looking and cleaning up.

use std::path::Path;
use std::time::Duration;

use super::{DeadLetter, EntryId, Log, TopicStatus, TransportError, TransportErrorKind};

/// Status, dead letters and retention of topics.
pub trait Maintenance: Log {
    /// Returns every topic with its groups, by name.
    ///
    /// # Errors
    /// Returns an error if the transport cannot be read.
    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError>;

    /// Returns one topic, or `None` if it does not exist.
    ///
    /// # Errors
    /// Returns an error if the transport cannot be read.
    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        let topics = self.topics()?;
        Ok(topics.into_iter().find(|status| status.topic == topic))
    }

    /// Returns up to `limit` dead letters of a topic after one (from the first if `None`), the oldest first.
    ///
    /// # Errors
    /// Returns an error if the transport cannot be read.
    fn dead_letters(
        &self,
        topic: &str,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError>;

    /// Removes dead letters and returns how many existed.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer.
    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError>;

    /// Removes the oldest dead letters of a topic beyond the limits and returns how many were removed.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer.
    fn trim_dead_letters(
        &self,
        topic: &str,
        limits: DeadLetterLimits,
    ) -> Result<u64, TransportError>;

    /// Removes a part of what every group has finished and the retention does not keep. The caller repeats the call while
    /// [`Trimmed::more`] is `true`; one call is short, so that publishers and consumers get their turn.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer.
    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError>;

    /// Deletes a group: its position, pending entries, redelivery queue and retry queue. Returns `true` if it existed.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer.
    fn delete_group(&self, topic: &str, group: &str) -> Result<bool, TransportError>;

    /// Returns warnings about the server or file that may cost events: one sentence each, with the remedy.
    ///
    /// # Errors
    /// Returns an error if the transport does not answer.
    fn warnings(&self) -> Result<Vec<String>, TransportError> {
        Ok(Vec::new())
    }

    /// Writes a consistent copy of everything to a new file.
    ///
    /// # Errors
    /// Returns [`Refused`](TransportErrorKind::Refused) if the transport has no such copy, and an error if it fails.
    fn backup(&self, to: &Path) -> Result<(), TransportError> {
        Err(unsupported(
            self.name(),
            &format!("back up to `{}`", to.display()),
        ))
    }

    /// Returns unused space to the operating system.
    ///
    /// # Errors
    /// Returns [`Refused`](TransportErrorKind::Refused) if the transport has no such space, and an error if it fails.
    fn vacuum(&self) -> Result<(), TransportError> {
        Err(unsupported(self.name(), "vacuum"))
    }
}

fn unsupported(name: &'static str, what: &str) -> TransportError {
    TransportError::new(
        TransportErrorKind::Refused,
        name,
        format!("cannot {what}: only the SQLite transport keeps its events in a file of its own"),
    )
}

/// Amount of a topic that stays after it was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers build it with `..`")]
pub struct Retention {
    /// Number of newest entries that stay.
    pub entries: u64,
    /// Age below which entries stay.
    pub age: Duration,
    /// The first entry that stays in any case.
    pub before: Option<EntryId>,
    /// Number of entries beyond which the oldest go *although a group has not finished them*. `None` loses nothing.
    pub lose_unread_beyond: Option<u64>,
}

/// Limits on the dead letters of a topic. `None` keeps them for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "two limits")]
pub struct DeadLetterLimits {
    /// Maximum number of dead letters.
    pub entries: Option<u64>,
    /// Maximum age of a dead letter.
    pub age: Option<Duration>,
}

/// Outcome of [`Maintenance::trim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "transports build it")]
pub struct Trimmed {
    /// Number of removed entries.
    pub entries: u64,
    /// Number of them that a group had not finished.
    pub unread: u64,
    /// `true` if there is more to remove.
    pub more: bool,
}
