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
#[cfg(feature = "sqlite")]
pub mod sqlite;

use std::fmt;
use std::time::Duration;

use events_core::{BoxError, Event, EventMetadata, Signal, Uuid};

pub(crate) use relay::Relay;

use crate::trace::TraceContext;
use crate::wire;

/// An event as the outbox of the caller's database keeps it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRow {
    /// The id of the event.
    pub event_id: Uuid,
    /// The event type.
    pub event_type: String,
    /// The metadata as JSON, as the reference has it.
    pub metadata: String,
    /// The trace context of the sender: a `traceparent` header.
    pub trace: Option<String>,
    /// The event data: Avro binary.
    pub body: Vec<u8>,
}

/// Without the body.
impl fmt::Debug for OutboxRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxRow")
            .field("event_id", &self.event_id)
            .field("event_type", &self.event_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A transaction that events can be sent in. Implement it for the client of your choice: one `INSERT` into `events_outbox`, with the
/// columns named as the fields of [`OutboxRow`].
pub trait OutboxTransaction {
    /// Adds the row.
    ///
    /// # Errors
    /// When the database refuses it.
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError>;
}

/// A transaction in which a receiver can note what it has handled: one `INSERT` into `events_inbox`, of `receiver` and `event_id`, which
/// does nothing where the pair is there.
pub trait InboxTransaction {
    /// Adds the pair, and says whether it was not there.
    ///
    /// # Errors
    /// When the database refuses it.
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError>;
}

/// An event was not written into the caller's transaction.
#[derive(Debug, thiserror::Error)]
#[error("event `{event_type}` could not be written to the outbox of the transaction: {cause}")]
#[non_exhaustive]
pub struct SendInError {
    /// The event type.
    pub event_type: &'static str,
    /// What the database, or the encoding, said.
    pub cause: BoxError,
}

/// Sends an event when the transaction commits, and not at all if it does not. Gives the metadata that it will have.
///
/// A disabled signal takes no effect here either, when the event is sent in the end.
///
/// # Errors
/// When the event could not be written.
pub fn send_in<E: Event>(
    transaction: &mut impl OutboxTransaction,
    signal: &'static Signal<E>,
    event: E,
) -> Result<EventMetadata, SendInError> {
    let info = signal.event();
    let fail = |cause: BoxError| SendInError {
        event_type: info.event_type,
        cause,
    };
    let metadata =
        EventMetadata::new(info.event_type).with_minor_version(i64::from(info.minor_version));
    let body = wire::encode(&event).map_err(|error| fail(error.into()))?;
    // It is consumed, as by any send.
    drop(event);
    let trace = TraceContext::current().map(|trace| trace.child());
    let row = OutboxRow {
        event_id: metadata.id(),
        event_type: info.event_type.to_owned(),
        metadata: serde_json::to_string(&metadata).map_err(|error| fail(error.into()))?,
        trace: trace.map(|trace| trace.to_string()),
        body,
    };
    transaction.insert(&row).map_err(fail)?;
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

/// Where a relay gets events from: the outbox of a database.
pub trait OutboxSource: Send {
    /// What it is called in messages. It must not have a password in it.
    fn name(&self) -> String;

    /// Whether this relay may send: one at a time does, so that the order stays.
    ///
    /// # Errors
    /// When the database cannot be asked. It is asked again, and connects anew where it has to.
    fn lead(&mut self) -> Result<bool, BoxError>;

    /// The oldest rows that were not set aside, with their numbers, at most so many.
    ///
    /// # Errors
    /// As above.
    fn read(&mut self, most: usize) -> Result<Vec<(i64, OutboxRow)>, BoxError>;

    /// Removes rows that were sent.
    ///
    /// # Errors
    /// As above.
    fn remove(&mut self, numbers: &[i64]) -> Result<(), BoxError>;

    /// Sets a row aside that cannot be sent, with what is wrong with it, so that it does not hold up the others.
    ///
    /// # Errors
    /// As above.
    fn set_aside(&mut self, number: i64, problem: &str) -> Result<(), BoxError>;

    /// Waits until there may be something new, at most so long.
    fn wait(&mut self, most: Duration);
}

/// For readers of rows: the event of a row, or what is wrong with it.
fn decode(row: &OutboxRow) -> Result<(events_core::delivery::OwnedEvent, EventMetadata), String> {
    let signal = events_core::registry::find(&row.event_type).ok_or_else(|| {
        format!(
            "no event of this binary has the type `{}`: link the catalog that declares it into the program that relays",
            row.event_type
        )
    })?;
    // The text of a serde error may repeat a value.
    let metadata: EventMetadata = serde_json::from_str(&row.metadata)
        .map_err(|error| format!("the metadata cannot be read, at column {}", error.column()))?;
    let event = wire::decode_any(signal, &row.body, metadata.minor_version())
        .map_err(|error| error.to_string())?;
    Ok((event, metadata))
}
