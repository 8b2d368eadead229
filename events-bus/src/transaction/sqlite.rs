//! The outbox and the inbox in a SQLite database of the caller's.
//!
//! What could not be sent stays in `events_outbox`, with the reason in the column `problem`. A relay that starts tries it once more.
//! `UPDATE events_outbox SET problem = NULL` has it sent again, `DELETE FROM events_outbox WHERE problem IS NOT NULL` gives it up.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ::rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params,
};
use events_core::{BoxError, Timestamp, Uuid};

/// The client, in the version that is implemented here.
pub use ::rusqlite;

use super::{InboxTransaction, OutboxRow, OutboxSource, OutboxStatus, OutboxTransaction, Pending};
use crate::deadline;

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
CREATE INDEX IF NOT EXISTS events_outbox_waiting ON events_outbox (id) WHERE problem IS NULL;
CREATE TABLE IF NOT EXISTS events_inbox (
    receiver TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at INTEGER NOT NULL,
    PRIMARY KEY (receiver, event_id)
) WITHOUT ROWID;
";

/// What adds an event to the outbox: the fields of an [`OutboxRow`], in their order.
pub const INSERT: &str = "INSERT INTO events_outbox (event_id, event_type, metadata, trace, body) VALUES (?1, ?2, ?3, ?4, ?5)";

/// What adds to the inbox: the id of the receiver, that of the event, and the time in microseconds. It changes no row where the receiver
/// has handled the event before.
pub const INSERT_INBOX: &str = "INSERT INTO events_inbox (receiver, event_id, handled_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

const POLL: Duration = Duration::from_millis(20);
const BUSY: Duration = Duration::from_secs(5);

/// Makes the tables where they are not there.
///
/// # Errors
/// When the database refuses it.
pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

/// Outside of a transaction, the event is sent at once; within one that was begun by a statement, when that commits.
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

/// The event is sent if the savepoint is released, and the transaction that it is in commits.
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

/// How the outbox stands.
///
/// # Errors
/// When the database cannot be read.
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
            // What cannot be read has no time.
            |row| Ok(row.get(0).ok()),
        )
        .optional()?;
    Ok(OutboxStatus::new(
        count("NULL")?,
        oldest.flatten().as_deref(),
        count("NOT NULL")?,
    ))
}

/// The outbox of a database file, for [`BusBuilder::relay`](crate::BusBuilder::relay).
///
/// Of several relays, in whatever processes, the one sends that holds the lock of the file `<database>-events-relay`. The system gives it
/// back when a process ends in whatever way, and no clock has a part in it.
#[derive(Debug)]
pub struct SqliteOutbox {
    path: PathBuf,
    connection: Option<Connection>,
    lock: Option<File>,
    seen: Option<i64>,
}

impl SqliteOutbox {
    /// The outbox of this file, which must be there when the bus starts. The relay makes the tables where they are not.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            connection: None,
            lock: None,
            seen: None,
        }
    }

    /// Does something with the database, which is opened anew after an error.
    fn with<T>(
        &mut self,
        what: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, BoxError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => open(&self.path)?,
        };
        let result = what(&mut connection);
        let is_fine = match &result {
            Ok(_) => true,
            Err(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            ),
        };
        if is_fine {
            self.connection = Some(connection);
        } else {
            self.seen = None;
        }
        Ok(result?)
    }

    /// Beside the database, wherever the path that was given leads.
    fn lock(&self) -> std::io::Result<Option<File>> {
        let path = self.path.canonicalize()?;
        let mut name = path.into_os_string();
        name.push("-events-relay");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    create_tables(&connection)?;
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if journal == "wal" {
        // What the relay removes may come back when the power fails, and is then sent twice. The caller's own commits are its own.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
    }
    Ok(connection)
}

impl OutboxSource for SqliteOutbox {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn check(&mut self) -> Result<(), BoxError> {
        if !self.path.is_file() {
            return Err("there is no such file: name the database that transactions write to, and make it before the bus starts".into());
        }
        // One that is busy now is not wrong.
        match open(&self.path) {
            Ok(connection) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn lead(&mut self) -> Result<bool, BoxError> {
        if self.lock.is_none() {
            self.lock = self.lock()?;
        }
        Ok(self.lock.is_some())
    }

    fn leave(&mut self) {
        self.connection = None;
        self.lock = None;
    }

    fn take_back(&mut self) -> Result<u64, BoxError> {
        let back = self.with(|connection| {
            connection.execute(
                "UPDATE events_outbox SET problem = NULL WHERE problem IS NOT NULL",
                [],
            )
        })?;
        Ok(back as u64)
    }

    fn read(&mut self, most: usize) -> Result<Vec<Pending>, BoxError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.with(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, event_id, event_type, metadata, trace, body FROM events_outbox
                 WHERE problem IS NULL ORDER BY id LIMIT ?",
            )?;
            let rows = select.query_map([most], |row| {
                let number = row.get(0)?;
                // A column of this database can hold anything.
                let columns = row_of(row).map_err(|error| error.to_string());
                Ok((number, columns))
            })?;
            rows.collect()
        })
    }

    fn remove(&mut self, numbers: &[i64]) -> Result<(), BoxError> {
        self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut delete =
                    transaction.prepare_cached("DELETE FROM events_outbox WHERE id = ?")?;
                for number in numbers {
                    delete.execute([number])?;
                }
            }
            transaction.commit()
        })
    }

    fn set_aside(&mut self, number: i64, problem: &str) -> Result<(), BoxError> {
        self.with(|connection| {
            connection.execute(
                "UPDATE events_outbox SET problem = ? WHERE id = ?",
                params![problem, number],
            )
        })?;
        Ok(())
    }

    fn status(&mut self) -> Result<OutboxStatus, BoxError> {
        self.with(|connection| status(connection))
    }

    /// Looks whether another connection has committed something.
    fn wait(&mut self, most: Duration) -> bool {
        let until = deadline::after(most);
        loop {
            let version = self.with(|connection| {
                let mut pragma = connection.prepare_cached("PRAGMA data_version")?;
                pragma.query_row([], |row| row.get(0))
            });
            if let Ok(version) = version
                && self.seen.replace(version) != Some(version)
            {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            thread::sleep(POLL.min(left));
        }
    }
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxRow> {
    let event_id: String = row.get(1)?;
    Ok(OutboxRow {
        // It is there to be searched for; the metadata has it, too.
        event_id: Uuid::try_parse(&event_id).unwrap_or_default(),
        event_type: row.get(2)?,
        metadata: row.get(3)?,
        trace: row.get(4)?,
        body: row.get(5)?,
    })
}
