//! The outbox and the inbox in a PostgreSQL database of the caller's (feature `postgres`).
//!
//! The implementations are for the blocking client `postgres`. With another client, run [`INSERT`] with the columns of an
//! [`OutboxRow`] in the caller's transaction; the relay has a connection of its own.
//!
//! A row that cannot be sent stays in `events_outbox`, with the reason in the column `problem`: it is quarantined.
//! [`requeue_quarantined`](super::OutboxSource::requeue_quarantined) has the quarantined rows sent again, as does
//! `UPDATE events_outbox SET problem = NULL`. `DELETE FROM events_outbox WHERE problem IS NOT NULL` gives them up.

mod gaps;
mod outbox;

use ::postgres::types::Type;
use ::postgres::{Error, GenericClient};
use events_core::{BoxError, Timestamp, Uuid};

/// The client, in the version that is implemented here.
pub use ::postgres;
pub use outbox::PostgresOutbox;

use super::{InboxTransaction, OutboxRow, OutboxStatus, OutboxTransaction};

/// Statements that create the tables. They can be run again, and can be part of the caller's migrations.
pub const TABLES: &str = "
CREATE TABLE IF NOT EXISTS events_outbox (
    id BIGSERIAL PRIMARY KEY,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    metadata TEXT NOT NULL,
    trace TEXT,
    body BYTEA NOT NULL,
    problem TEXT
);
CREATE INDEX IF NOT EXISTS events_outbox_waiting ON events_outbox (id) WHERE problem IS NULL;
CREATE TABLE IF NOT EXISTS events_outbox_lease (
    name TEXT PRIMARY KEY,
    counter BIGINT NOT NULL,
    holder BIGINT,
    until TIMESTAMPTZ NOT NULL,
    incarnation TEXT NOT NULL,
    last BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS events_inbox (
    receiver TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at BIGINT NOT NULL,
    PRIMARY KEY (receiver, event_id)
);
";

/// Statement that adds an event to the outbox: the fields of an [`OutboxRow`], in their order. All are text but the last, which is
/// `BYTEA`. It sends no notification: `NOTIFY` makes commits wait for each other, and a relay looks for rows every 50 ms.
pub const INSERT: &str = "INSERT INTO events_outbox (event_id, event_type, metadata, trace, body) VALUES ($1, $2, $3, $4, $5)";

/// Statement that adds to the inbox: the id of the receiver, that of the event, and the time in microseconds (`BIGINT`). It changes
/// no row if the receiver has handled the event before.
pub const INSERT_INBOX: &str = "INSERT INTO events_inbox (receiver, event_id, handled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// Creates the tables that do not exist. A user that finds all of them needs no right to create tables.
///
/// # Errors
/// Returns an error if the database refuses it.
pub fn create_tables(client: &mut impl GenericClient) -> Result<(), Error> {
    let are_there = "SELECT to_regclass('events_outbox') IS NOT NULL AND to_regclass('events_outbox_lease') IS NOT NULL
        AND to_regclass('events_inbox') IS NOT NULL";
    if client.query_one(are_there, &[])?.try_get(0)? {
        return Ok(());
    }
    let mut transaction = client.transaction()?;
    // Two sessions that create a table at the same time get an error for a duplicate, in spite of IF NOT EXISTS.
    transaction.batch_execute("SELECT pg_advisory_xact_lock(1702260340, 0)")?;
    transaction.batch_execute(TABLES)?;
    transaction.commit()
}

impl OutboxTransaction for postgres::Transaction<'_> {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        self.query_typed(
            INSERT,
            &[
                (&row.event_id.to_string(), Type::TEXT),
                (&row.event_type, Type::TEXT),
                (&row.metadata, Type::TEXT),
                (&row.trace, Type::TEXT),
                (&row.body, Type::BYTEA),
            ],
        )?;
        Ok(())
    }
}

impl InboxTransaction for postgres::Transaction<'_> {
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
        let added = self.execute(
            INSERT_INBOX,
            &[
                &receiver,
                &event_id.to_string(),
                &Timestamp::now().as_micros(),
            ],
        )?;
        Ok(added > 0)
    }
}

/// Removes from the inbox the events that receivers handled before a time, and returns how many. An event that comes again later
/// is not recognized as a duplicate.
///
/// # Errors
/// Returns an error if the database refuses it.
pub fn forget_before(client: &mut impl GenericClient, time: Timestamp) -> Result<u64, Error> {
    client.execute(
        "DELETE FROM events_inbox WHERE handled_at < $1",
        &[&time.as_micros()],
    )
}

/// Returns the status of the outbox.
///
/// # Errors
/// Returns an error if the database cannot be read.
pub fn status(client: &mut impl GenericClient) -> Result<OutboxStatus, Error> {
    let row = client.query_one(
        "SELECT count(*) FILTER (WHERE problem IS NULL), count(*) FILTER (WHERE problem IS NOT NULL),
            (SELECT metadata FROM events_outbox WHERE problem IS NULL ORDER BY id LIMIT 1)
         FROM events_outbox",
        &[],
    )?;
    let count = |index: usize| -> Result<u64, Error> {
        Ok(u64::try_from(row.try_get::<_, i64>(index)?).unwrap_or_default())
    };
    let oldest: Option<String> = row.try_get(2)?;
    Ok(OutboxStatus::new(count(0)?, oldest.as_deref(), count(1)?))
}
