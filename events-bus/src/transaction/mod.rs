//! Sending within a transaction of the caller's own database: the transactional outbox, and the inbox.
//!
//! An event that is sent before the transaction commits reports something that may never happen. One that is sent afterwards is
//! lost if the process ends in between. [`send_in`] writes the event into a table of the caller's database, in the caller's
//! transaction: it is sent if, and only if, that commits. A *relay* of a running [`Bus`](crate::Bus) then publishes it and has
//! the receivers of the service run. The event keeps the id and the time of the call of `send_in`.
//!
//! Sending is at least once. A receiver that must not act twice records in its own transaction that it has acted, with
//! [`first_time`]: the inbox.
//!
//! Another database client has two ways. A blocking one implements [`OutboxTransaction`] for its transactions. An async one makes
//! the row with [`OutboxRow::of`] and runs the `INSERT` statement of [`sqlite`] or [`postgres`].
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

mod database_error;
#[cfg(feature = "postgres")]
pub mod postgres;
mod relay;
mod row;
mod source;
#[cfg(feature = "sqlite")]
pub mod sqlite;

use events_core::{BoxError, Event, EventMetadata, Signal, Uuid};

pub(crate) use relay::{GROUP, Local, Publishing, Routing};
pub use relay::{Relay, RelayState, RelayStats};
pub use row::OutboxRow;
pub use source::{OutboxSource, OutboxStatus, Pending, Term};

/// A transaction that events can be sent in. Implement it for the client of your choice: one `INSERT` into `events_outbox`, with
/// the columns named as the fields of [`OutboxRow`].
pub trait OutboxTransaction {
    /// Adds the row.
    ///
    /// # Errors
    /// Returns an error if the database refuses it.
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError>;
}

/// A transaction in which a receiver can record which event it has handled: one `INSERT` into `events_inbox`, of `receiver`,
/// `event_id` and `handled_at` (microseconds since 1970), which does nothing if the pair of the first two exists.
pub trait InboxTransaction {
    /// Adds the pair. Returns `true` if it did not exist.
    ///
    /// # Errors
    /// Returns an error if the database refuses it.
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError>;
}

/// An event was not written into the caller's transaction.
#[derive(Debug, thiserror::Error)]
#[error("cannot write event `{event_type}` to the outbox of the transaction: {}", database_error::text(&**cause))]
#[non_exhaustive]
pub struct SendInError {
    /// The event type.
    pub event_type: &'static str,
    /// The error of the database client or of the encoding, from which a caller can see whether to try the transaction again.
    #[source]
    pub cause: BoxError,
}

/// Sends an event when the transaction commits, and not at all if it does not. Returns the metadata that it will have.
///
/// Writes nothing if the signal is disabled. A relay drops an event whose signal is disabled in its own process.
///
/// # Errors
/// Returns an error if the event is larger than 16 MiB, cannot be encoded, or is refused by the database. Roll the transaction
/// back then.
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

/// Records in the receiver's own transaction that it handles an event. Returns `false` if it has handled the event before, so
/// that there is nothing to do.
///
/// With it, the changes that the receiver makes in this transaction happen once, however often the event comes.
///
/// # Errors
/// Returns an error if the database refuses it.
pub fn first_time(
    transaction: &mut impl InboxTransaction,
    receiver: &str,
    metadata: &EventMetadata,
) -> Result<bool, BoxError> {
    transaction.insert(receiver, metadata.id())
}
