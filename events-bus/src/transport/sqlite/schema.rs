//! The tables, and opening a file that has them.

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{Attempt, Fault, failed};
use super::{SqliteOptions, Sync, file};
use crate::deadline;
use crate::transport::{TransportError, TransportErrorKind};

/// Mark of our files: `evnt`.
const APPLICATION: i64 = 0x6576_6e74;
/// Pause before the next attempt to open a file that another process is creating.
const RETRY: Duration = Duration::from_millis(5);
const OPEN: &str = "open the store";
/// Version of the tables.
const VERSION: i64 = 3;

const TABLES: &str = "
CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    trimmed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE senders (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    host TEXT NOT NULL,
    lib TEXT NOT NULL,
    UNIQUE (source, host, lib)
) STRICT;
CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic INTEGER NOT NULL REFERENCES topics (id),
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    holder INTEGER,
    consumer TEXT NOT NULL DEFAULT '',
    lease_end INTEGER NOT NULL DEFAULT 0,
    lease INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, name)
) STRICT;
CREATE TABLE pending (
    grp INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    consumer TEXT NOT NULL,
    touched INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    trials INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (grp, queue, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE requeued (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    grp INTEGER NOT NULL,
    given INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    time INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    key TEXT,
    extra TEXT,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX requeued_by_group ON requeued (grp, given);
CREATE TABLE retries (
    id INTEGER PRIMARY KEY,
    grp INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    retry_key TEXT,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    due INTEGER NOT NULL,
    delay INTEGER NOT NULL,
    consumer TEXT NOT NULL DEFAULT '',
    touched INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    trials INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    time INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    key TEXT,
    extra TEXT,
    body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX retries_by_entry ON retries (grp, queue, entry, receiver);
CREATE INDEX retries_held ON retries (grp, consumer) WHERE consumer <> '';
CREATE TABLE dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic INTEGER NOT NULL,
    grp TEXT NOT NULL,
    receiver TEXT,
    reason TEXT NOT NULL,
    error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    entry_minor INTEGER NOT NULL,
    given_up INTEGER NOT NULL,
    malformed BLOB,
    at INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    time INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    key TEXT,
    extra TEXT,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX dead_by_topic ON dead (topic);
CREATE TABLE handled (
    bucket INTEGER NOT NULL,
    grp INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    receivers TEXT NOT NULL,
    PRIMARY KEY (bucket, grp, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE outboxes (
    topic INTEGER NOT NULL,
    incarnation BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    holder INTEGER NOT NULL,
    last INTEGER NOT NULL,
    ids BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (topic, incarnation)
) STRICT, WITHOUT ROWID;
";

/// Returns the statement that creates the table of a topic. Its rows are only appended, which SQLite is fastest at.
pub(super) fn entries(topic: i64) -> String {
    format!(
        "CREATE TABLE entries_{topic} (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            event_id BLOB NOT NULL,
            event_type TEXT NOT NULL,
            time INTEGER NOT NULL,
            minor INTEGER NOT NULL,
            sender INTEGER NOT NULL,
            key TEXT,
            extra TEXT,
            body BLOB NOT NULL
        ) STRICT"
    )
}

/// Opens a connection to one of our files, and creates the file if it does not exist.
pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Connection, TransportError> {
    let not_created = |error: io::Error| {
        let problem = "check that its folder exists and may be written to";
        let message = format!("cannot {OPEN} `{}`; {problem}", path.display());
        TransportError::new(TransportErrorKind::Refused, "sqlite", message).because(error)
    };
    file::create(path).map_err(not_created)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)
        .map_err(|error| failed(path, OPEN, error.into()))?;
    // SQLite does not wait for the change to the other kind of log: two processes that create a file would wait for each other.
    let until = deadline::after(options.busy_timeout);
    loop {
        match prepare(&mut connection, options) {
            Ok(()) => return Ok(connection),
            Err(fault) if fault.is_busy() && Instant::now() < until => thread::sleep(RETRY),
            Err(fault) => return Err(not_opened(path, fault)),
        }
    }
}

/// Returns the error for a file that cannot be opened.
pub(super) fn not_opened(path: &Path, fault: Fault) -> TransportError {
    match fault {
        Fault::Refused(problem) => TransportError::new(
            TransportErrorKind::Refused,
            "sqlite",
            format!("cannot {OPEN} `{}`: {problem}", path.display()),
        ),
        fault => failed(path, OPEN, fault),
    }
}

fn prepare(connection: &mut Connection, options: &SqliteOptions) -> Attempt<()> {
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(256);
    // A command that ends would otherwise delete the log that a starting process is about to use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let is_new = check_owner(connection)? == 0;
    if is_new {
        // Only before the first page is written. `vacuum` can then give back space in small steps.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    // Only outside of a transaction, and only for a file that is ours.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    synchronize(connection, options.sync)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    if is_new {
        create_tables(connection)?;
    }
    Ok(())
}

fn create_tables(connection: &mut Connection) -> Attempt<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Sets the loss that the commits that follow survive.
pub(super) fn synchronize(connection: &Connection, sync: Sync) -> Attempt<()> {
    let sync = match sync {
        Sync::Full => "FULL",
        Sync::Normal => "NORMAL",
    };
    Ok(connection.pragma_update(None, "synchronous", sync)?)
}

/// Returns the version of the tables, or 0 if there are none yet.
///
/// # Errors
/// Refuses files of other programs and of other versions.
pub(super) fn check_owner(connection: &Connection) -> Attempt<i64> {
    // One statement sees one moment: another process may be creating the tables.
    let (application, version, tables): (i64, i64, i64) = connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if application != APPLICATION && (application != 0 || tables > 0) {
        return Err(Fault::Refused(
            "it is the database of another program; name another file, which is created if it does not exist".to_owned(),
        ));
    }
    let remedy = match version {
        0 | VERSION => return Ok(version),
        1..VERSION => "finish its events with the program that wrote it, then move the file away",
        _ => "use the newer version of the program, or another file",
    };
    Err(Fault::Refused(format!(
        "it has version {version} of the tables, and this program has version {VERSION}; {remedy}"
    )))
}
