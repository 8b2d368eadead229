//! Sources of relays: the outboxes of databases, and their leases.

use std::time::Duration;

use events_core::{BoxError, EventMetadata, Timestamp, Uuid};

use super::OutboxRow;
use crate::transport::Epoch;

/// A row that a relay is to send: its number, and its content or the reason why it cannot be read.
pub type Pending = (i64, Result<OutboxRow, String>);

/// A term of leadership of an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "sources build it")]
pub struct Term {
    /// The epoch. Its counter grows with each term.
    pub epoch: Epoch,
    /// The incarnation under which transports remember the outbox. Terms share it, so that a transport refuses an old one.
    pub incarnation: Uuid,
    /// The last number that was used for a publication. The relay raises it.
    pub last: u64,
}

impl Term {
    /// Quantity of numbers that a source reserves ahead of [`last`](Self::last), so that the next term begins above all numbers
    /// of this one.
    pub const RESERVED: u64 = 1 << 28;
}

/// Status of the outbox of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OutboxStatus {
    /// Number of events to send.
    pub waiting: u64,
    /// Time at which the first of them was handed to [`send_in`](super::send_in).
    pub oldest: Option<Timestamp>,
    /// Number of events that cannot be sent: the column `problem` has the reason.
    pub quarantined: u64,
}

impl OutboxStatus {
    /// Creates a status, for implementations of [`OutboxSource`]. `oldest_metadata` is the column `metadata` of the oldest row that
    /// is to be sent.
    pub fn new(waiting: u64, oldest_metadata: Option<&str>, quarantined: u64) -> Self {
        let metadata = oldest_metadata
            .and_then(|metadata| serde_json::from_str::<EventMetadata>(metadata).ok());
        Self {
            waiting,
            oldest: metadata.map(|metadata| metadata.time()),
            quarantined,
        }
    }
}

/// The outbox of a database. One thread of a relay uses it.
///
/// A call may fail and is repeated: an implementation reconnects where it has to. No call may block for ever.
///
/// # Leases
/// One relay at a time leads an outbox. Its epoch is stored in the database. A call that takes a [`Term`] changes nothing and
/// returns `false` if the epoch of the term is not the stored one; the check and the change are one atomic step. A process may be
/// paused for any time between two calls. An epoch stays current after its lease has ended, until another relay takes the lead.
pub trait OutboxSource: Send {
    /// Returns a name for messages. It must not contain a password.
    fn name(&self) -> String;

    /// Checks for mistakes that do not go away by waiting. The bus calls it once and does not start if it fails.
    ///
    /// # Errors
    /// Returns an error that says what to do.
    fn check(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    /// Takes the lead unless another relay holds a lease. Each success begins a new epoch: the next counter, and a random holder.
    /// Reserves [`Term::RESERVED`] numbers.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    fn lead(&mut self, lease: Duration) -> Result<Option<Term>, BoxError>;

    /// Extends the lease, and stores the incarnation and the reserved numbers of the term.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    fn renew(&mut self, term: &Term, lease: Duration) -> Result<bool, BoxError>;

    /// Gives up the lead, so that another relay may take it at once. Does nothing if the epoch is old.
    ///
    /// # Errors
    /// Returns an error if the database does not answer. The lease ends by itself then.
    fn release(&mut self, term: &Term) -> Result<(), BoxError>;

    /// Returns rows that are not quarantined and have a number above `after`, in the order of their numbers: at most `limit`, and
    /// about 8 MiB. Rows with lower numbers that were committed late may come first.
    ///
    /// # Errors
    /// Returns an error if the database does not answer. A row that cannot be read is not an error of the call, since it must not
    /// hold up the others.
    fn read(&mut self, after: i64, limit: usize) -> Result<Vec<Pending>, BoxError>;

    /// Removes rows that were sent. Passes over those that do not exist.
    ///
    /// # Errors
    /// Returns an error if the database does not answer or refuses it.
    fn remove(&mut self, term: &Term, numbers: &[i64]) -> Result<bool, BoxError>;

    /// Quarantines a row that cannot be sent, so that it does not hold up the others. `problem` is the reason.
    ///
    /// # Errors
    /// Returns an error if the database does not answer or refuses it.
    fn quarantine(&mut self, term: &Term, number: i64, problem: &str) -> Result<bool, BoxError>;

    /// Has all quarantined rows sent again and returns how many there were. Any process may call it: the relay that leads finds
    /// them within seconds.
    ///
    /// # Errors
    /// Returns an error if the database does not answer or refuses it.
    fn requeue_quarantined(&mut self) -> Result<u64, BoxError>;

    /// Returns the status of the outbox.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    fn status(&mut self) -> Result<OutboxStatus, BoxError>;
}
