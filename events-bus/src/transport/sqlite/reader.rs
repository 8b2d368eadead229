//! Reading a file without a trace: for a command that looks at the store of a running service.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::{Attempt, Fault};
use super::{file, schema};

/// Maximum time for which a reader waits until another process has recovered the log of a process that was killed.
const RECOVERY: Duration = Duration::from_secs(1);
/// Number of attempts to read a file that another process begins to write meanwhile.
const ATTEMPTS: usize = 5;

/// Rights with which a file is opened for reading.
#[derive(Debug, Clone, Copy)]
enum Access {
    /// The file has no log, so nobody uses it: it is read without any lock.
    Alone,
    /// Nothing is written, not even the index of the log.
    Untouched,
    /// The index of the log may be written: SQLite has to build it first.
    Index,
}

impl Access {
    const fn parameters(self) -> &'static str {
        match self {
            Self::Alone => "mode=ro&immutable=1",
            Self::Untouched => "mode=ro&readonly_shm=1",
            Self::Index => "mode=ro",
        }
    }
}

/// Reads a file. Never waits for a process that writes, and creates or changes neither the file nor its log.
///
/// `work` may run again, if another process begins to use the file meanwhile.
pub(super) fn read<T>(path: &Path, work: impl Fn(&Connection) -> Attempt<T>) -> Attempt<T> {
    let log = file::beside(path, "-wal");
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        if log.exists() {
            return read_with_log(path, &work);
        }
        let before = state(path);
        let result = read_with(path, Access::Alone, &work);
        if (state(path) == before && !log.exists()) || attempts == 0 {
            return result;
        }
    }
}

/// Reads a file for a long time, which needs a place in the index of the log, so that the log is not written over.
pub(super) fn read_for_long<T>(
    path: &Path,
    work: impl Fn(&Connection) -> Attempt<T>,
) -> Attempt<T> {
    if file::beside(path, "-wal").exists() {
        read_with(path, Access::Index, &work)
    } else {
        read(path, work)
    }
}

fn read_with_log<T>(path: &Path, work: &impl Fn(&Connection) -> Attempt<T>) -> Attempt<T> {
    match read_with(path, Access::Untouched, work) {
        Err(Fault::Sqlite(error))
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)
            ) =>
        {
            read_with(path, Access::Index, work)
        }
        result => result,
    }
}

fn read_with<T>(
    path: &Path,
    access: Access,
    work: &impl Fn(&Connection) -> Attempt<T>,
) -> Attempt<T> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(path, access), flags)?;
    connection.busy_timeout(RECOVERY)?;
    if schema::check_owner(&connection)? == 0 {
        return Err(Fault::Refused(
            "it holds no events yet; start the service that uses it, which creates the tables"
                .to_owned(),
        ));
    }
    let result = work(&connection);
    // Closing would otherwise be the last use of the log, and delete it.
    connection.set_db_config(
        rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
        true,
    )?;
    result
}

/// Returns a path as a URI of SQLite.
fn uri(path: &Path, access: Access) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push('%');
            let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
            uri.extend([digit(byte >> 4), digit(byte & 15)]);
        }
    }
    uri.push('?');
    uri.push_str(access.parameters());
    uri
}

/// Returns the size of a file and the time at which it was last written.
fn state(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}
