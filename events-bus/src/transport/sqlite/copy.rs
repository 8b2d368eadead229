//! Backups, and giving space back.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::{Attempt, Fault, failed};
use super::{Live, SqliteTransport, Sync, file, reader};
use crate::transport::{TransportError, TransportErrorKind};

const BACK_UP: &str = "back up the store";
/// Time for which one step of giving space back holds the write lock.
const STEP: Duration = Duration::from_millis(5);

impl SqliteTransport {
    /// Writes a copy of the store to a new file, as it is at one moment. Others may read and write meanwhile.
    pub(super) fn back_up(&self, to: &Path) -> Result<(), TransportError> {
        self.check_place()?;
        if to.exists() {
            return Err(self.no_backup(to, "that file exists; name a new one", None));
        }
        let Some(name) = to.to_str() else {
            return Err(self.no_backup(to, "that path is not UTF-8; name another one", None));
        };
        // A copy that was interrupted must not look like a backup, so it gets its name at the end.
        let partial = file::beside(to, ".partial");
        let name = format!("{name}.partial");
        let result = file::private()
            .create_new(true)
            .open(&partial)
            .map_err(|error| {
                let remedy = "check that its folder exists and may be written to, and that no other backup to it runs";
                self.no_backup(&partial, remedy, Some(error))
            });
        drop(result?);
        let copied = reader::read_for_long(&self.absolute, |connection| {
            connection.execute("VACUUM INTO ?", [&name])?;
            Ok(())
        });
        let kept = copied
            .map_err(|fault| failed(&self.path, BACK_UP, fault))
            .and_then(|()| self.check_place())
            .and_then(|()| {
                keep(&partial, to).map_err(|error| {
                    self.no_backup(to, "check its disk and its folder", Some(error))
                })
            });
        // It has its name now, or is of no use.
        drop(fs::remove_file(&partial));
        kept
    }

    /// Returns an error if the file at the path is not the one that this transport uses: a copy of it would be another store.
    fn check_place(&self) -> Result<(), TransportError> {
        let check = |live: &Live| live.reader().watch.look(&live.file).map_err(Fault::Gone);
        self.live
            .as_ref()
            .map_or(Ok(()), check)
            .map_err(|fault| failed(&self.path, BACK_UP, fault))
    }

    fn no_backup(&self, to: &Path, problem: &str, source: Option<io::Error>) -> TransportError {
        let error = TransportError::new(
            TransportErrorKind::Refused,
            "sqlite",
            format!(
                "cannot back up `{}` to `{}`: {problem}",
                self.path.display(),
                to.display()
            ),
        );
        match source {
            Some(source) => error.because(source),
            None => error,
        }
    }

    /// Gives free pages back, in steps that let others take their turn, and shortens the log.
    pub(super) fn give_space_back(&self, live: &Live) -> Result<(), TransportError> {
        let fault = |fault| failed(&self.path, "vacuum the store", fault);
        loop {
            let more = live
                .writer
                .lock()
                .transact(&live.file, Sync::Normal, |transaction, _| {
                    give_back_some(transaction)
                })
                .map_err(fault)?;
            if !more {
                break;
            }
        }
        live.writer.lock().checkpoint().map_err(fault)
    }
}

/// Puts a finished copy on the disk and gives it its name, unless a file has that name.
fn keep(partial: &Path, to: &Path) -> io::Result<()> {
    fs::File::open(partial)?.sync_all()?;
    match fs::hard_link(partial, to) {
        // A file system without links.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !to.exists() => {
            fs::rename(partial, to)?;
        }
        linked => linked?,
    }
    // The name has to be on the disk too. A platform that cannot open a folder has no such step.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = fs::File::open(folder.unwrap_or_else(|| Path::new("."))) {
        folder.sync_all()?;
    }
    Ok(())
}

/// Gives a few pages back. Returns `true` if more are free.
fn give_back_some(connection: &Connection) -> Attempt<bool> {
    let free = |connection: &Connection| -> Attempt<i64> {
        Ok(connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?)
    };
    let before = free(connection)?;
    let begun = Instant::now();
    let mut left = before;
    while left > 0 && begun.elapsed() < STEP {
        // Each row that it answers is a page that was given back.
        let mut step = connection.prepare_cached("PRAGMA incremental_vacuum(32)")?;
        let mut rows = step.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        let now = free(connection)?;
        if now >= left {
            return Err(Fault::Damaged("its free pages cannot be given back"));
        }
        left = now;
    }
    Ok(left > 0)
}
