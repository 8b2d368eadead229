//! Sending within a transaction of the caller's own database: the transactional outbox, and the inbox.
//!
//! An event that is sent before the transaction commits tells of something that may never happen; one that is sent after it may never be
//! sent, when the process ends in between. [`send_in`] writes the event into a table of the caller's database, in the caller's
//! transaction: it is sent if, and only if, that commits. A *relay* of a running [`Bus`](crate::Bus) sends it then: receivers run, durable
//! ones are stored, and it is published where it is routed to. It has the id and the time of the call of `send_in`.
//!
//! Sending is at least once. A receiver that must not act twice notes in its own transaction that it has, with
//! [`first_time`]: the inbox.
//!
//! A client of a database that is not implemented here takes one of two ways: [`OutboxTransaction`] is implemented for its
//! transactions, or, where it is async, [`OutboxRow::of`] makes the row, and `INSERT` of [`sqlite`] or [`postgres`] is the statement.
//!
//! ```
//! # #[cfg(feature = "sqlite")] {
//! use events_bus::transaction::{self, sqlite};
//! use events_core::event;
//!
//! #[event(type = "org.example.shop.order.placed.v1", key = customer)]
//! pub struct OrderPlaced {
//!     pub number: i64,
//!     pub customer: String,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut shop = rusqlite::Connection::open_in_memory()?;
//! sqlite::create_tables(&shop)?;
//! shop.execute_batch("CREATE TABLE orders (number INTEGER)")?;
//!
//! let mut order = shop.transaction()?;
//! order.execute("INSERT INTO orders VALUES (17)", [])?;
//! let event = OrderPlaced { number: 17, customer: "ada".to_owned() };
//! transaction::send_in(&mut order, &ORDER_PLACED, event)?;
//! order.commit()?; // from here on, the event will be sent
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```

#[cfg(feature = "postgres")]
pub mod postgres;
mod relay;
mod row;
mod said;
#[cfg(feature = "sqlite")]
pub mod sqlite;

use std::time::Duration;

use events_core::{BoxError, Event, EventMetadata, Signal, Timestamp, Uuid};

pub use relay::{Relay, RelayStats};
pub use row::OutboxRow;

/// A transaction that events can be sent in. Implement it for the client of your choice: one `INSERT` into `events_outbox`, with the
/// columns named as the fields of [`OutboxRow`].
pub trait OutboxTransaction {
    /// Adds the row.
    ///
    /// # Errors
    /// When the database refuses it.
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError>;
}

/// A transaction in which a receiver can note what it has handled: one `INSERT` into `events_inbox`, of `receiver`, `event_id` and
/// `handled_at` (microseconds since 1970), which does nothing where the pair of the first two is there.
pub trait InboxTransaction {
    /// Adds the pair, and says whether it was not there.
    ///
    /// # Errors
    /// When the database refuses it.
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError>;
}

/// An event was not written into the caller's transaction.
#[derive(Debug, thiserror::Error)]
#[error("event `{event_type}` could not be written to the outbox of the transaction: {}", said::said(&**cause))]
#[non_exhaustive]
pub struct SendInError {
    /// The event type.
    pub event_type: &'static str,
    /// What the database, or the encoding, said: the error of the client, so that a caller can see whether the transaction is to be
    /// tried again.
    #[source]
    pub cause: BoxError,
}

/// Sends an event when the transaction commits, and not at all if it does not. Gives the metadata that it will have.
///
/// A disabled signal takes no effect here either: nothing is written. Nor does one that is disabled in the process that relays, when
/// its turn comes.
///
/// # Errors
/// When the event could not be written. What that means for the transaction is up to the database: roll it back.
pub fn send_in<E: Event>(
    transaction: &mut impl OutboxTransaction,
    signal: &'static Signal<E>,
    event: E,
) -> Result<EventMetadata, SendInError> {
    let (row, metadata) = row::of(signal, event)?;
    if signal.is_enabled() {
        transaction.insert(&row).map_err(|cause| SendInError {
            event_type: signal.event().event_type,
            cause,
        })?;
    }
    Ok(metadata)
}

/// Notes in the receiver's own transaction that it handles an event. `false` if it has handled it before, so that there is nothing to do:
/// with it, what the receiver does in this transaction happens once, however often the event comes.
///
/// # Errors
/// When the database refuses it.
pub fn first_time(
    transaction: &mut impl InboxTransaction,
    receiver: &str,
    metadata: &EventMetadata,
) -> Result<bool, BoxError> {
    transaction.insert(receiver, metadata.id())
}

/// How an outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OutboxStatus {
    /// Events that are to be sent.
    pub waiting: u64,
    /// When the first of them was handed to [`send_in`].
    pub oldest: Option<Timestamp>,
    /// Events that could not be sent: the column `problem` says why.
    pub set_aside: u64,
}

impl OutboxStatus {
    /// For implementations of [`OutboxSource`]: with the metadata of the oldest event that waits, as its row has it.
    pub fn new(waiting: u64, oldest_metadata: Option<&str>, set_aside: u64) -> Self {
        let metadata = oldest_metadata
            .and_then(|metadata| serde_json::from_str::<EventMetadata>(metadata).ok());
        Self {
            waiting,
            oldest: metadata.map(|metadata| metadata.time()),
            set_aside,
        }
    }
}

/// A row that a relay is to send: its number, and what stands in it, or what is wrong with it.
pub type Pending = (i64, Result<OutboxRow, String>);

/// Where a relay gets events from: the outbox of a database. One thread uses it.
///
/// A call may fail and be made again: an implementation connects anew where it has to. None may block for ever.
pub trait OutboxSource: Send {
    /// What it is called in messages. It must not have a password in it.
    fn name(&self) -> String;

    /// Called once, when the bus starts: finds out what cannot get better by waiting. Then the bus does not start.
    ///
    /// # Errors
    /// Says what to do.
    fn check(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    /// Whether this relay may send, of all that read this outbox: one at a time does, so that the order stays. It is asked again and
    /// again, and keeps the lead then.
    ///
    /// # Errors
    /// When the database cannot be asked. Then the lead may be another's.
    fn lead(&mut self) -> Result<bool, BoxError>;

    /// Gives the lead to others. What the process holds is given back at its end in any case.
    fn leave(&mut self);

    /// Has everything that was set aside sent again, in its order, and says how many. It is called by whoever gets the lead, since
    /// another program may know what the last one did not.
    ///
    /// # Errors
    /// When the database does not answer, or refuses it.
    fn take_back(&mut self) -> Result<u64, BoxError>;

    /// The rows with the lowest numbers that were not set aside, in the order of their numbers, at most so many.
    ///
    /// # Errors
    /// When the database does not answer. A row that cannot be read is no error of the call, since it must not hold up the others.
    fn read(&mut self, most: usize) -> Result<Vec<Pending>, BoxError>;

    /// Removes rows that were sent. Those that are not there are passed over.
    ///
    /// # Errors
    /// When the database does not answer, or refuses it.
    fn remove(&mut self, numbers: &[i64]) -> Result<(), BoxError>;

    /// Sets a row aside that cannot be sent, with what is wrong with it, so that it does not hold up the others.
    ///
    /// # Errors
    /// When the database does not answer, or refuses it.
    fn set_aside(&mut self, number: i64, problem: &str) -> Result<(), BoxError>;

    /// How the outbox stands.
    ///
    /// # Errors
    /// When the database does not answer.
    fn status(&mut self) -> Result<OutboxStatus, BoxError>;

    /// Waits until there may be something new, and says that there may; or so long. What cannot be waited for is slept over.
    fn wait(&mut self, most: Duration) -> bool;
}
