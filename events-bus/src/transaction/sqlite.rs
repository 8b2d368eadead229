//! The outbox and the inbox in a SQLite database of the caller's.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use events_core::{BoxError, Timestamp, Uuid};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{InboxTransaction, OutboxRow, OutboxSource, OutboxTransaction};

/// What makes the tables. It can be run again, and can be part of the caller's migrations.
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
CREATE TABLE IF NOT EXISTS events_outbox_relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    relay TEXT NOT NULL,
    lease_end INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events_inbox (
    receiver TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at INTEGER NOT NULL,
    PRIMARY KEY (receiver, event_id)
);
";

const LEASE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Makes the tables where they are not there.
///
/// # Errors
/// When the database refuses it.
pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

impl OutboxTransaction for rusqlite::Transaction<'_> {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        self.prepare_cached(
            "INSERT INTO events_outbox (event_id, event_type, metadata, trace, body) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            row.event_id.to_string(),
            row.event_type,
            row.metadata,
            row.trace,
            row.body
        ])?;
        Ok(())
    }
}

impl InboxTransaction for rusqlite::Transaction<'_> {
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
        let added = self
            .prepare_cached(
                "INSERT OR IGNORE INTO events_inbox (receiver, event_id, handled_at) VALUES (?, ?, ?)",
            )?
            .execute(params![
                receiver,
                event_id.to_string(),
                Timestamp::now().as_micros()
            ])?;
        Ok(added > 0)
    }
}

/// Forgets what receivers have handled before a time: events that come later than that are no duplicates any more. Says how many.
///
/// # Errors
/// When the database refuses it.
pub fn forget_before(connection: &Connection, time: Timestamp) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM events_inbox WHERE handled_at < ?",
        [time.as_micros()],
    )
}

/// The outbox of a database file, for [`BusBuilder::relay`](crate::BusBuilder::relay).
#[derive(Debug)]
pub struct SqliteOutbox {
    path: PathBuf,
    relay: String,
    connection: Option<Connection>,
    seen: i64,
}

impl SqliteOutbox {
    /// The outbox of this file. It is opened when the bus starts to read it, and must be there then.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            relay: format!("{}-{:08x}", std::process::id(), fastrand::u32(..)),
            connection: None,
            seen: -1,
        }
    }

    fn connection(&mut self) -> Result<&mut Connection, BoxError> {
        if self.connection.is_none() {
            let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
            let connection = Connection::open_with_flags(&self.path, flags)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            create_tables(&connection)?;
            self.connection = Some(connection);
        }
        self.connection
            .as_mut()
            .ok_or_else(|| "the database is not open".into())
    }
}

impl OutboxSource for SqliteOutbox {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn lead(&mut self) -> Result<bool, BoxError> {
        let relay = self.relay.clone();
        let now = Timestamp::now().as_micros();
        let lease = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);
        let connection = self.connection()?;
        let held: Option<(String, i64)> = connection
            .query_row(
                "SELECT relay, lease_end FROM events_outbox_relay WHERE id = 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        if let Some((holder, end)) = held {
            let left = end.saturating_sub(now);
            // A lease that ends further from now than it is long was given before the clock was set back.
            if holder != relay && left > 0 && left <= lease {
                return Ok(false);
            }
            if holder == relay && left > lease / 2 && left <= lease {
                return Ok(true);
            }
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken = transaction.execute(
            "INSERT INTO events_outbox_relay (id, relay, lease_end) VALUES (1, ?1, ?2)
             ON CONFLICT (id) DO UPDATE SET relay = ?1, lease_end = ?2
             WHERE relay = ?1 OR lease_end <= ?3 OR lease_end > ?3 + ?4",
            params![relay, now.saturating_add(lease), now, lease],
        )?;
        transaction.commit()?;
        Ok(taken > 0)
    }

    fn read(&mut self, most: usize) -> Result<Vec<(i64, OutboxRow)>, BoxError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let connection = self.connection()?;
        let mut select = connection.prepare_cached(
            "SELECT id, event_id, event_type, metadata, trace, body FROM events_outbox
             WHERE problem IS NULL ORDER BY id LIMIT ?",
        )?;
        let rows = select.query_map([most], |row| {
            let event_id: String = row.get(1)?;
            let row_of_outbox = OutboxRow {
                event_id: Uuid::try_parse(&event_id).unwrap_or_default(),
                event_type: row.get(2)?,
                metadata: row.get(3)?,
                trace: row.get(4)?,
                body: row.get(5)?,
            };
            Ok((row.get(0)?, row_of_outbox))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn remove(&mut self, numbers: &[i64]) -> Result<(), BoxError> {
        if numbers.is_empty() {
            return Ok(());
        }
        let transaction = self
            .connection()?
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut delete =
                transaction.prepare_cached("DELETE FROM events_outbox WHERE id = ?")?;
            for number in numbers {
                delete.execute([number])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn set_aside(&mut self, number: i64, problem: &str) -> Result<(), BoxError> {
        self.connection()?.execute(
            "UPDATE events_outbox SET problem = ? WHERE id = ?",
            params![problem, number],
        )?;
        Ok(())
    }

    /// Looks whether another connection has committed something.
    fn wait(&mut self, most: Duration) {
        let until = Instant::now() + most;
        loop {
            let version = self
                .connection()
                .and_then(|connection| {
                    Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
                })
                .unwrap_or(-1);
            let changed = version != self.seen;
            self.seen = version;
            if changed || Instant::now() >= until {
                return;
            }
            thread::sleep(POLL.min(most));
        }
    }
}
