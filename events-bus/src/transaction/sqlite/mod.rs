//! The outbox and the inbox in a SQLite database of the caller's.
//!
//! A row that cannot be sent stays in `events_outbox`, with the reason in the column `problem`: it is quarantined.
//! [`requeue_quarantined`](super::OutboxSource::requeue_quarantined) has the quarantined rows sent again, as does
//! `UPDATE events_outbox SET problem = NULL`. `DELETE FROM events_outbox WHERE problem IS NOT NULL` gives them up.

mod outbox;

use ::rusqlite::{Connection, OptionalExtension, params};
use events_core::{BoxError, Timestamp, Uuid};

/// The client, in the version that is implemented here.
pub use ::rusqlite;
pub use outbox::SqliteOutbox;

use super::{InboxTransaction, OutboxRow, OutboxStatus, OutboxTransaction};

/// Statements that create the tables. They can be run again, and can be part of the caller's migrations.
pub const TABLES: &str = "
CREATE TABLE IF NOT EXISTS events_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    metadata TEXT NOT NULL,
    trace TEXT,
    body BLOB NOT NULL,
    problem TEXT
);
CREATE INDEX IF NOT EXISTS events_outbox_waiting ON events_outbox (id) WHERE problem IS NULL;
CREATE TABLE IF NOT EXISTS events_outbox_lease (
    name TEXT PRIMARY KEY,
    counter INTEGER NOT NULL,
    holder INTEGER,
    until INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events_inbox (
    receiver TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at INTEGER NOT NULL,
    PRIMARY KEY (receiver, event_id)
) WITHOUT ROWID;
";

/// Statement that adds an event to the outbox: the fields of an [`OutboxRow`], in their order.
pub const INSERT: &str = "INSERT INTO events_outbox (event_id, event_type, metadata, trace, body) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Statement that adds to the inbox: the id of the receiver, that of the event, and the time in microseconds. It changes no row if
/// the receiver has handled the event before.
pub const INSERT_INBOX: &str = "INSERT INTO events_inbox (receiver, event_id, handled_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

/// Creates the tables that do not exist.
///
/// # Errors
/// Returns an error if the database refuses it.
pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

/// Outside of a transaction, the event is sent at once; within one that a statement began, when that commits.
impl OutboxTransaction for Connection {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        insert(self, row)
    }
}

impl OutboxTransaction for rusqlite::Transaction<'_> {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        insert(self, row)
    }
}

/// The event is sent if the savepoint is released and its transaction commits.
impl OutboxTransaction for rusqlite::Savepoint<'_> {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        insert(self, row)
    }
}

impl InboxTransaction for Connection {
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
        note(self, receiver, event_id)
    }
}

impl InboxTransaction for rusqlite::Transaction<'_> {
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
        note(self, receiver, event_id)
    }
}

impl InboxTransaction for rusqlite::Savepoint<'_> {
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
        note(self, receiver, event_id)
    }
}

fn insert(connection: &Connection, row: &OutboxRow) -> Result<(), BoxError> {
    connection.prepare_cached(INSERT)?.execute(params![
        row.event_id.to_string(),
        row.event_type,
        row.metadata,
        row.trace,
        row.body
    ])?;
    Ok(())
}

fn note(connection: &Connection, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
    let now = Timestamp::now().as_micros();
    let added = connection.prepare_cached(INSERT_INBOX)?.execute(params![
        receiver,
        event_id.to_string(),
        now
    ])?;
    Ok(added > 0)
}

/// Removes from the inbox the events that receivers handled before a time, and returns how many. An event that comes again later
/// is not recognized as a duplicate.
///
/// # Errors
/// Returns an error if the database refuses it.
pub fn forget_before(connection: &Connection, time: Timestamp) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM events_inbox WHERE handled_at < ?",
        [time.as_micros()],
    )
}

/// Returns the status of the outbox.
///
/// # Errors
/// Returns an error if the database cannot be read.
pub fn status(connection: &Connection) -> rusqlite::Result<OutboxStatus> {
    let count = |which: &str| -> rusqlite::Result<u64> {
        let count = format!("SELECT count(*) FROM events_outbox WHERE problem IS {which}");
        let count: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    };
    let oldest: Option<Option<String>> = connection
        .query_row(
            "SELECT metadata FROM events_outbox WHERE problem IS NULL ORDER BY id LIMIT 1",
            [],
            // Metadata that cannot be read has no time.
            |row| Ok(row.get(0).ok()),
        )
        .optional()?;
    Ok(OutboxStatus::new(
        count("NULL")?,
        oldest.flatten().as_deref(),
        count("NOT NULL")?,
    ))
}
