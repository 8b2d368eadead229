//! Topics in one SQLite file (feature `sqlite`): the embedded default. It is durable, and needs nothing installed.
//!
//! Several processes on one machine may share the file. Each topic has a table of its own, so that publishing appends; the rest is
//! shared. What is published is on the disk when the call returns; callers that come at the same time share one commit.

mod error;
mod groups;
mod look;
mod publish;
mod rows;
mod schema;
mod settle;
mod trim;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use self::error::{Attempt, failed};
use self::publish::PublishQueue;
use self::rows::Senders;
use super::{
    DeadLetter, Entry, EntryId, Member, Position, Retention, Sequence, Settlement, Standing, Start,
    TopicStatus, Transport, TransportError, Trimmed,
};
use crate::record::Record;

/// What a commit survives.
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

/// How a file is used.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// What a commit survives.
    pub sync: Sync,
    /// How long a call waits for another process that writes.
    pub busy_timeout: Duration,
    /// How long the receivers of an event are remembered, by which duplicates are recognised; zero remembers none.
    pub duplicate_window: Duration,
    /// How often a call that waits looks for what another process has published.
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
    path: PathBuf,
    options: SqliteOptions,
    /// The one connection that writes.
    writer: Mutex<Writer>,
    reader: Mutex<Connection>,
    queue: PublishQueue,
    /// Something was published or requeued through this handle.
    arrived: (Mutex<u64>, Condvar),
}

/// The connection that writes, with what it knows of the file.
struct Writer {
    connection: Connection,
    senders: Senders,
    /// What its commits survive at present.
    sync: Sync,
}

impl SqliteTransport {
    /// Opens a file, and makes it where it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened, belongs to another program, was written by a newer version of this one, or is damaged. The
    /// error names the file and what to do.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, TransportError> {
        let path = path.as_ref().to_owned();
        let connection = schema::open(&path, &options)?;
        let reader = schema::open(&path, &options)?;
        Ok(Self {
            writer: Mutex::new(Writer {
                connection,
                senders: Senders::default(),
                sync: options.sync,
            }),
            reader: Mutex::new(reader),
            queue: PublishQueue::default(),
            arrived: (Mutex::new(0), Condvar::new()),
            path,
            options,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A transaction that a panic left open is rolled back by its guard.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something in one transaction, whole or not at all.
    fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>, &mut Senders) -> Attempt<T>,
    ) -> Result<T, TransportError> {
        let result = transact(&mut self.writer(), self.options.sync, work);
        result.map_err(|error| failed(&self.path, what, error))
    }

    /// The same, for what is said of who reads what. When the power fails before it is on the disk, the file says what was before,
    /// and entries are handed out once more: nothing is lost by not waiting for the disk.
    fn note<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Attempt<T>,
    ) -> Result<T, TransportError> {
        let result = transact(&mut self.writer(), Sync::Normal, |transaction, _| {
            work(transaction)
        });
        result.map_err(|error| failed(&self.path, what, error))
    }

    /// Reads what one moment shows.
    fn look<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Attempt<T>,
    ) -> Result<T, TransportError> {
        let mut reader = self.reader();
        let result = reader
            .transaction()
            .map_err(Into::into)
            .and_then(|transaction| work(&transaction));
        result.map_err(|error| failed(&self.path, what, error))
    }

    fn announce(&self) {
        let (count, changed) = &self.arrived;
        *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        changed.notify_all();
    }
}

/// A transaction, with what its commit is to survive.
fn transact<T>(
    writer: &mut Writer,
    sync: Sync,
    work: impl FnOnce(&rusqlite::Transaction<'_>, &mut Senders) -> Attempt<T>,
) -> Attempt<T> {
    // Before each transaction and not behind it, where a panic could leave the connection with less than the next one needs.
    if writer.sync != sync {
        schema::synchronise(&writer.connection, sync)?;
        writer.sync = sync;
    }
    let Writer {
        connection,
        senders,
        ..
    } = writer;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let result = work(&transaction, senders);
    // What was interned in a transaction is gone with it, also when it is the commit that fails.
    result
        .and_then(|value| {
            transaction.commit()?;
            Ok(value)
        })
        .inspect_err(|_| senders.forget())
}

impl fmt::Debug for SqliteTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTransport")
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Transport for SqliteTransport {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn publish(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, TransportError> {
        let ids = self.publish_together(topic, records, sequence)?;
        self.announce();
        Ok(ids)
    }

    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.write("join a group", |transaction, _| {
            groups::join(transaction, topic, group, start)
        })
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Standing, TransportError> {
        self.note("take the lead of a group", |transaction| {
            groups::lead(transaction, member, lease)
        })
    }

    fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        self.note("take over what is pending", |transaction| {
            groups::take_over(transaction, member, behind, idle, most)
        })
    }

    fn receive(
        &self,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        if !self.wait_for_entries(member, wait)? || most == 0 {
            return Ok(Vec::new());
        }
        let window = self.options.duplicate_window;
        self.note("receive entries", |transaction| {
            groups::receive(transaction, member, most, window)
        })
    }

    fn extend(&self, member: Member<'_>, entries: &[EntryId]) -> Result<(), TransportError> {
        self.note("extend the claim on entries", |transaction| {
            groups::extend(transaction, member, entries)
        })
    }

    fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), TransportError> {
        let window = self.options.duplicate_window;
        self.write("settle entries", |transaction, senders| {
            settle::settle(transaction, senders, member, settlements, leading, window)
        })
    }

    fn leave(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.note("leave a group", |transaction| {
            groups::leave(transaction, member)
        })
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        self.write("requeue records", |transaction, senders| {
            publish::requeue(transaction, senders, topic, group, records)
        })?;
        self.announce();
        Ok(())
    }

    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError> {
        self.look("read the state of the topics", |transaction| {
            look::topics(transaction)
        })
    }

    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        self.look("read the state of a topic", |transaction| {
            look::status(transaction, topic)
        })
    }

    fn read(&self, topic: &str, from: Position, most: usize) -> Result<Vec<Entry>, TransportError> {
        self.look("read a topic", |transaction| {
            look::read(transaction, topic, from, most)
        })
    }

    fn dead_letters(
        &self,
        topic: &str,
        behind: Option<EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        self.look("read dead letters", |transaction| {
            look::dead_letters(transaction, topic, behind, most)
        })
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        self.write("drop dead letters", |transaction, _| {
            settle::drop_dead_letters(transaction, topic, ids)
        })
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        let window = self.options.duplicate_window;
        self.write("trim a topic", |transaction, _| {
            trim::trim(transaction, topic, retention, window)
        })
    }

    fn forget(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        self.write("forget a group", |transaction, _| {
            trim::forget(transaction, topic, group)
        })
    }
}
