//! Faults of SQLite and of its file as transport errors.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::transport::{TransportError, TransportErrorKind};

/// Reason why a transaction failed.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    /// The file holds something impossible: it is damaged, or another program has written to it.
    Damaged(&'static str),
    /// The caller asked for something that cannot be done.
    Refused(String),
    /// The epoch of the caller is old.
    LostLease(String),
    /// The file is not at its path any more. Nothing was changed.
    Gone(String),
    /// The file was not at its path any more when the transaction was committed.
    GoneAtCommit(String),
}

impl Fault {
    /// Returns `true` if another process holds the write lock.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite(error) if is_busy(error))
    }
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

pub(super) type Attempt<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

pub(super) fn failed(path: &Path, what: &str, fault: Fault) -> TransportError {
    let path = path.display();
    let new = |kind, message: String| TransportError::new(kind, "sqlite", message);
    // A file that is moved back is as good as before, so a retry may help, and an outbox keeps what it holds.
    let gone = |how: String| {
        new(
            TransportErrorKind::Unavailable,
            format!("cannot {what} in `{path}`: {how}"),
        )
    };
    match fault {
        Fault::Refused(message) => new(TransportErrorKind::Refused, message),
        Fault::LostLease(message) => new(TransportErrorKind::LostLease, message),
        Fault::Gone(how) => gone(how),
        Fault::GoneAtCommit(how) => gone(how).outcome_unknown(),
        Fault::Damaged(how) => new(
            TransportErrorKind::Corrupt,
            format!(
                "cannot {what} in `{path}`: the file is damaged: {how}; restore it from a backup, or move it away"
            ),
        ),
        Fault::Sqlite(error) => {
            let (kind, remedy) = judge(&error);
            // Only a failure of the disk during a commit leaves the outcome open.
            let is_open = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
            let failure = new(kind, format!("cannot {what} in `{path}`; {remedy}")).because(error);
            if is_open {
                failure.outcome_unknown()
            } else {
                failure
            }
        }
    }
}

fn judge(error: &rusqlite::Error) -> (TransportErrorKind, &'static str) {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            TransportErrorKind::Unavailable,
            "another process holds the file for longer than the busy timeout",
        ),
        Some(ErrorCode::DiskFull) => (TransportErrorKind::Full, "make room on its disk"),
        Some(ErrorCode::SystemIoFailure) => (
            TransportErrorKind::Full,
            "check the disk: it may be full, or fail",
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            TransportErrorKind::Corrupt,
            "the file is damaged: restore it from a backup, or move it away",
        ),
        Some(ErrorCode::CannotOpen) => (
            TransportErrorKind::Refused,
            "check that its folder exists and may be written to",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (
            TransportErrorKind::Refused,
            "give this process the right to write to the file and to its folder",
        ),
        _ => (TransportErrorKind::Corrupt, "the file cannot be used"),
    }
}
