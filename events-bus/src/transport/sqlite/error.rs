//! What SQLite says, in the words of transports.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::transport::{TransportError, TransportErrorKind};

/// What can go wrong within a transaction.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    /// What the file holds cannot be: it is damaged, or somebody else has written to it.
    Damaged(&'static str),
    /// What was asked for cannot be done.
    Refused(String),
    LostLease(String),
}

impl Fault {
    /// Another process writes.
    pub(super) fn is_busy(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }
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
    match fault {
        Fault::Refused(message) => new(TransportErrorKind::Refused, message),
        Fault::LostLease(message) => new(TransportErrorKind::LostLease, message),
        Fault::Damaged(how) => new(
            TransportErrorKind::Corrupt,
            format!(
                "cannot {what} in `{path}`: the file is damaged: {how}; restore it from a backup, or move it away"
            ),
        ),
        Fault::Sqlite(error) => {
            let (kind, remedy) = judge(&error);
            // Only a commit is in doubt, and only after a failure of the disk.
            let doubt = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
            let failure = new(kind, format!("cannot {what} in `{path}`; {remedy}")).because(error);
            if doubt {
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
            "see whether its disk is full, or fails",
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            TransportErrorKind::Corrupt,
            "the file is damaged: restore it from a backup, or move it away",
        ),
        Some(ErrorCode::CannotOpen) => (
            TransportErrorKind::Refused,
            "see whether its folder is there, and may be written to",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (
            TransportErrorKind::Refused,
            "give this process the right to write to the file and to its folder",
        ),
        _ => (TransportErrorKind::Corrupt, "the file cannot be used"),
    }
}
