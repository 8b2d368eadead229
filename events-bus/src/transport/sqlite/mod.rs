//! Topics in one SQLite file (feature `sqlite`): the embedded default. It is durable, and needs nothing installed.
//!
//! Several processes on one machine may share the file. Each topic has a table of its own, so that publishing appends; the rest is
//! shared. A record is on the disk when the call that publishes it returns; threads that publish at the same time share one
//! commit.
//!
//! # Files
//! The store consists of the file, its write-ahead log (`-wal`) and the index of the log (`-shm`), which belong together, and of a
//! file (`-turn`) by which processes let each other write. All are created for their owner alone. While a process uses them, do not
//! delete, move or replace them: the process notices it and refuses to go on. A process that uses a store must not open the file with
//! anything but SQLite: the system ends all locks of a process on a file when it closes one handle. [`backup`](crate::transport::Maintenance::backup)
//! copies the store at any time.

mod calls;
mod claim;
mod copy;
mod dead_letters;
mod error;
mod file;
mod group_commit;
mod groups;
mod handled;
mod publications;
mod publish;
mod query;
mod reader;
mod receive;
mod retries;
mod rows;
mod schema;
mod settle;
mod trim;
mod turn;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use events_core::Timestamp;
use rusqlite::{Connection, Transaction};

use self::error::{Attempt, Fault, failed};
use self::file::{StoreFile, Watch};
use self::handled::Window;
use self::publish::PublishQueue;
use self::rows::Interned;
use self::turn::{Line, Turn};
use self::writer::Writer;
use super::{TransportError, TransportErrorKind};

/// Loss that a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Sync {
    /// Loss of power: each commit waits for the disk (`synchronous = FULL`).
    #[default]
    Full,
    /// The end of the process, however sudden. Loss of power may undo the last commits; the file stays sound
    /// (`synchronous = NORMAL`).
    Normal,
}

/// Options of a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// Loss that a commit survives.
    pub sync: Sync,
    /// Time for which a call waits for another process that writes. Defaults to 5 s.
    pub busy_timeout: Duration,
    /// Time for which the receivers of an event are remembered, by which duplicates are recognized. Zero remembers none. Defaults
    /// to 10 minutes.
    pub duplicate_window: Duration,
    /// Time between two looks of a call that waits for the records of another process. Defaults to 20 ms.
    pub poll: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            sync: Sync::Full,
            busy_timeout: Duration::from_secs(5),
            duplicate_window: Duration::from_mins(10),
            poll: Duration::from_millis(20),
        }
    }
}

/// A transport in a file.
pub struct SqliteTransport {
    /// Path as it was given.
    path: PathBuf,
    absolute: PathBuf,
    options: SqliteOptions,
    /// `None` if it was opened for reading alone.
    live: Option<Live>,
    /// Counter of the records that were published or requeued through this handle.
    arrived: (Mutex<u64>, Condvar),
}

/// The connections to a file that is used.
struct Live {
    file: StoreFile,
    writer: Turn<Writer>,
    reader: Mutex<Reader>,
    queue: PublishQueue,
}

/// The connection that reads.
struct Reader {
    connection: Connection,
    watch: Watch,
}

impl Live {
    fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqliteTransport {
    /// Opens a file, and creates it if it does not exist. Waits for another process that is creating it, at most for the busy
    /// timeout.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, belongs to another program, has another version of the tables, or is
    /// damaged. The error names the file and the remedy.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, TransportError> {
        let (path, absolute) = both(path.as_ref())?;
        let connection = schema::open(&absolute, &options)?;
        let reader = schema::open(&absolute, &options)?;
        let file = StoreFile::opened(&absolute).map_err(|error| {
            let message = format!("cannot open the store `{}`", path.display());
            TransportError::new(TransportErrorKind::Unavailable, "sqlite", message).because(error)
        })?;
        let line = Line::beside(&absolute);
        let writer = Writer::new(connection, line, options.sync, options.busy_timeout)
            .map_err(|fault| schema::not_opened(&path, fault))?;
        let live = Live {
            file,
            writer: Turn::new(writer),
            reader: Mutex::new(Reader {
                connection: reader,
                watch: Watch::default(),
            }),
            queue: PublishQueue::default(),
        };
        Ok(Self::new(path, absolute, options, Some(live)))
    }

    /// Opens a file for reading alone, such as for a status. Every call that would change something is refused.
    ///
    /// Reading never waits for a process that writes, and never creates or changes the file or its log. It sees everything that was
    /// committed.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, cannot be read, belongs to another program, has another version of the tables,
    /// or is damaged. The error names the file and the remedy.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, TransportError> {
        let (path, absolute) = both(path.as_ref())?;
        reader::read(&absolute, |_| Ok(())).map_err(|fault| schema::not_opened(&path, fault))?;
        Ok(Self::new(path, absolute, SqliteOptions::default(), None))
    }

    const fn new(
        path: PathBuf,
        absolute: PathBuf,
        options: SqliteOptions,
        live: Option<Live>,
    ) -> Self {
        Self {
            path,
            absolute,
            options,
            live,
            arrived: (Mutex::new(0), Condvar::new()),
        }
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the connections for a call that changes something.
    fn live(&self, what: &str) -> Result<&Live, TransportError> {
        self.live.as_ref().ok_or_else(|| {
            let path = self.path.display();
            TransportError::new(
                TransportErrorKind::Refused,
                "sqlite",
                format!("cannot {what} in `{path}`: it was opened for reading alone; open it with `SqliteTransport::open`"),
            )
        })
    }

    /// Returns the duplicate window as it is now.
    fn window(&self) -> Window {
        Window::at(Timestamp::now(), self.options.duplicate_window)
    }

    /// Runs one transaction, whole or not at all. Its commit survives as the options say.
    fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Transaction<'_>, &mut Interned) -> Attempt<T>,
    ) -> Result<T, TransportError> {
        self.write_with(self.options.sync, what, work)
    }

    /// Runs one transaction whose commit survives the end of the process.
    ///
    /// It is for the positions and holders of entries. If the power fails before they are on the disk, the file has the former
    /// ones, and entries are handed out once more: nothing is lost.
    fn note<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Attempt<T>,
    ) -> Result<T, TransportError> {
        self.write_with(Sync::Normal, what, |transaction, _| work(transaction))
    }

    fn write_with<T>(
        &self,
        sync: Sync,
        what: &'static str,
        work: impl FnOnce(&Transaction<'_>, &mut Interned) -> Attempt<T>,
    ) -> Result<T, TransportError> {
        let live = self.live(what)?;
        let result = live.writer.lock().transact(&live.file, sync, work);
        result.map_err(|fault| failed(&self.path, what, fault))
    }

    /// Reads the state of one moment.
    fn look<T>(
        &self,
        what: &'static str,
        work: impl Fn(&Connection) -> Attempt<T>,
    ) -> Result<T, TransportError> {
        let result = match &self.live {
            Some(live) => look_in(live, &work),
            None => reader::read(&self.absolute, |connection| {
                let transaction = connection.unchecked_transaction()?;
                work(&transaction)
            }),
        };
        result.map_err(|fault| failed(&self.path, what, fault))
    }

    /// Wakes the calls that wait for a record.
    fn announce(&self) {
        let (count, changed) = &self.arrived;
        *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        changed.notify_all();
    }
}

fn look_in<T>(live: &Live, work: &impl Fn(&Connection) -> Attempt<T>) -> Attempt<T> {
    let mut reader = live.reader();
    reader.watch.check(&live.file)?;
    let transaction = reader.connection.transaction()?;
    work(&transaction)
}

/// Returns a path as it was given, and from the root on: a process may change its folder.
fn both(path: &Path) -> Result<(PathBuf, PathBuf), TransportError> {
    let absolute = std::path::absolute(path).map_err(|error| {
        let fault = Fault::Refused(format!("the path cannot be used: {error}"));
        schema::not_opened(path, fault)
    })?;
    Ok((path.to_owned(), absolute))
}

impl fmt::Debug for SqliteTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTransport")
            .field("path", &self.path)
            .field("options", &self.options)
            .field("is_read_only", &self.live.is_none())
            .finish_non_exhaustive()
    }
}
