//! The tables, and opening a file that has them.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::error::{Attempt, Fault, failed};
use super::{SqliteOptions, Sync};
use crate::deadline;
use crate::transport::{TransportError, TransportErrorKind};

/// `evnt`: says that a file is ours.
const APPLICATION: i64 = 0x6576_6e74;
/// How soon a file is tried again that another process is making.
const RETRY: Duration = Duration::from_millis(5);
/// The version of the tables.
const VERSION: i64 = 2;

/// From version 1, which wrote the number of the newest entry here with each one that was published.
const FROM_1: &str = "ALTER TABLE topics RENAME COLUMN last TO trimmed";

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
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL REFERENCES topics (id),
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    leader TEXT,
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
    progress TEXT,
    PRIMARY KEY (grp, queue, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE again (
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
CREATE INDEX again_by_group ON again (grp, given);
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
    name TEXT NOT NULL,
    last INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (topic, name)
) STRICT, WITHOUT ROWID;
";

/// The table of a topic. Its rows are appended, which is what SQLite is quickest at.
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

/// Opens a connection to a file that is ours, or becomes ours.
pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Connection, TransportError> {
    let what = "open the store";
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)
        .map_err(|error| failed(path, what, error.into()))?;
    // SQLite does not wait for the change to the other kind of log: two that make a file at the same time would wait for each other.
    let until = deadline::after(options.busy_timeout);
    let opened = loop {
        match prepare(&mut connection, options) {
            Err(fault) if fault.is_busy() && Instant::now() < until => thread::sleep(RETRY),
            opened => break opened,
        }
    };
    match opened {
        Ok(()) => Ok(connection),
        Err(Fault::Refused(problem)) => Err(TransportError::new(
            TransportErrorKind::Refused,
            "sqlite",
            format!("cannot {what} `{}`: {problem}", path.display()),
        )),
        Err(fault) => Err(failed(path, what, fault)),
    }
}

fn prepare(connection: &mut Connection, options: &SqliteOptions) -> Attempt<()> {
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(256);
    check_owner(connection)?;
    // Only outside of a transaction, and only for a file that is ours.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    synchronise(connection, options.sync)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => transaction.execute_batch(TABLES)?,
        1 => transaction.execute_batch(FROM_1)?,
        _ => {}
    }
    if version < VERSION {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

/// What the commits that follow survive.
pub(super) fn synchronise(connection: &Connection, sync: Sync) -> Attempt<()> {
    let sync = match sync {
        Sync::Full => "FULL",
        Sync::Normal => "NORMAL",
    };
    Ok(connection.pragma_update(None, "synchronous", sync)?)
}

/// Refuses files of other programs, and of later versions.
fn check_owner(connection: &Connection) -> Attempt<()> {
    // One statement sees one moment: another process may be making the tables.
    let (application, version, tables): (i64, i64, i64) = connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if application != APPLICATION && (application != 0 || tables > 0) {
        return Err(Fault::Refused(
            "it is the database of another program; name another file, which is made where it is not there".to_owned(),
        ));
    }
    if version > VERSION {
        return Err(Fault::Refused(format!(
            "it has version {version} of the tables, and this program knows {VERSION}; use the newer version of the program, or \
             another file"
        )));
    }
    Ok(())
}
