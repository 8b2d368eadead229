//! The connection that writes, and its transactions.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{Attempt, Fault, is_busy};
use super::file::{StoreFile, Watch};
use super::rows::Interned;
use super::turn::{self, Line};
use super::{Sync, schema};
use crate::deadline;

/// The connection that writes, with its knowledge of the file.
#[derive(Debug)]
pub(super) struct Writer {
    connection: Connection,
    interned: Interned,
    /// Loss that its commits survive at present.
    sync: Sync,
    busy_timeout: Duration,
    line: Line,
    watch: Watch,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        line: Line,
        sync: Sync,
        busy_timeout: Duration,
    ) -> Attempt<Self> {
        // The wait for other processes is our own, because that of SQLite has no queue.
        connection.busy_timeout(Duration::ZERO)?;
        Ok(Self {
            connection,
            interned: Interned::default(),
            sync,
            busy_timeout,
            line,
            watch: Watch::default(),
        })
    }

    /// Runs one transaction, whole or not at all.
    pub(super) fn transact<T>(
        &mut self,
        file: &StoreFile,
        sync: Sync,
        work: impl FnOnce(&Transaction<'_>, &mut Interned) -> Attempt<T>,
    ) -> Attempt<T> {
        self.watch.check(file)?;
        // Before each transaction and not after it, where a panic could leave the connection with less than the next one needs.
        if self.sync != sync {
            schema::synchronize(&self.connection, sync)?;
            self.sync = sync;
        }
        // Whatever was interned in a transaction goes with it, also if the work panics or the commit fails.
        let mut interned = std::mem::take(&mut self.interned);
        let transaction = begin(&self.connection, &mut self.line, self.busy_timeout)?;
        let value = work(&transaction, &mut interned)?;
        transaction.commit()?;
        self.interned = interned;
        self.watch.check_commit(file)?;
        Ok(value)
    }

    /// Moves the write-ahead log into the file as far as nobody reads it, and gives its space back.
    pub(super) fn checkpoint(&self) -> Attempt<()> {
        for mode in ["PASSIVE", "TRUNCATE"] {
            // A busy file is an answer, not an error: the next commits of anybody go on with it.
            self.connection
                .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))?;
        }
        Ok(())
    }
}

/// Begins a transaction that writes. Waits for its turn, at most for the busy timeout.
fn begin<'c>(
    connection: &'c Connection,
    line: &mut Line,
    busy_timeout: Duration,
) -> Attempt<Transaction<'c>> {
    let attempt = || Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    line.step_back();
    match attempt() {
        Err(error) if is_busy(&error) => {}
        begun => return Ok(begun?),
    }
    let since = Instant::now();
    let until = deadline::after(busy_timeout);
    let mut place = line.join();
    loop {
        thread::sleep(turn::pause(since.elapsed()));
        match attempt() {
            Err(error) if is_busy(&error) => {
                if Instant::now() >= until {
                    return Err(Fault::Sqlite(error));
                }
            }
            begun => return Ok(begun?),
        }
        place.announce();
    }
}
