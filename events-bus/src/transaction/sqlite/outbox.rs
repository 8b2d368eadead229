//! The source of a relay in a SQLite file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ::rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};
use events_core::{BoxError, Timestamp, Uuid};

use super::{create_tables, rusqlite, status};
use crate::transaction::{OutboxRow, OutboxSource, OutboxStatus, Pending, Term};
use crate::transport::Epoch;

const BUSY: Duration = Duration::from_secs(5);
/// Bytes of bodies after which a read ends.
const READ_BYTES: usize = 8 << 20;
/// Name of the lease of the outbox.
const LEASE: &str = "events_outbox";

/// The outbox of a database file, for [`BusBuilder::relay`](crate::BusBuilder::relay).
///
/// Of several relays, in any processes, one sends: the one that leads by the row in `events_outbox_lease`. Its time comes from the
/// clock of the machine.
#[derive(Debug)]
pub struct SqliteOutbox {
    path: PathBuf,
    connection: Option<Connection>,
    /// The lease of another relay, and the moment since which it has not changed.
    foreign: Option<(Stored, Instant)>,
}

/// The lease as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    counter: i64,
    holder: Option<i64>,
    until: i64,
    incarnation: String,
    last: i64,
}

impl SqliteOutbox {
    /// Creates the outbox of a file, which must exist when the bus starts. The relay creates the tables that do not exist.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            connection: None,
            foreign: None,
        }
    }

    /// Runs a function with the database, which is opened again after an error.
    fn with<T>(
        &mut self,
        run: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, BoxError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => open(&self.path)?,
        };
        let result = run(&mut connection);
        let is_fine = match &result {
            Ok(_) => true,
            Err(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            ),
        };
        if is_fine {
            self.connection = Some(connection);
        }
        Ok(result?)
    }

    /// Runs a function in a transaction if the term is current. Returns `false` if it is not.
    fn under(
        &mut self,
        term: &Term,
        run: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<bool, BoxError> {
        self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let stored = read_lease(&transaction)?;
            if !stored.is_some_and(|stored| stored.is_of(term)) {
                return Ok(false);
            }
            run(&transaction)?;
            transaction.commit()?;
            Ok(true)
        })
    }
}

impl Stored {
    fn of(term: &Term, lease: Duration) -> Self {
        let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
        Self {
            counter: term.epoch.counter().cast_signed(),
            holder: Some(term.epoch.holder().cast_signed()),
            until: Timestamp::now().as_micros().saturating_add(lease),
            incarnation: term.incarnation.to_string(),
            last: reserved_after(term.last),
        }
    }

    fn is_of(&self, term: &Term) -> bool {
        self.counter == term.epoch.counter().cast_signed()
            && self.holder == Some(term.epoch.holder().cast_signed())
    }
}

fn read_lease(connection: &Connection) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(
            "SELECT counter, holder, until, incarnation, last FROM events_outbox_lease WHERE name = ?",
        )?
        .query_row([LEASE], |row| {
            Ok(Stored {
                counter: row.get(0)?,
                holder: row.get(1)?,
                until: row.get(2)?,
                incarnation: row.get(3)?,
                last: row.get(4)?,
            })
        })
        .optional()
}

fn write_lease(connection: &Connection, lease: &Stored) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO events_outbox_lease (name, counter, holder, until, incarnation, last)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            LEASE,
            lease.counter,
            lease.holder,
            lease.until,
            lease.incarnation,
            lease.last
        ])?;
    Ok(())
}

fn reserved_after(last: u64) -> i64 {
    i64::try_from(last.saturating_add(Term::RESERVED)).unwrap_or(i64::MAX)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    create_tables(&connection)?;
    synchronize(&connection, "NORMAL")?;
    Ok(connection)
}

/// Sets how the relay's own commits survive a loss of power. With `NORMAL`, rows that it removed may come back and are sent twice.
/// The caller's commits are its own.
fn synchronize(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if journal == "wal" {
        connection.pragma_update(None, "synchronous", mode)?;
    }
    Ok(())
}

impl OutboxSource for SqliteOutbox {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn check(&mut self) -> Result<(), BoxError> {
        if !self.path.is_file() {
            return Err("there is no such file: name the database that transactions write to, and create it before the bus starts".into());
        }
        // A file that is busy now is not wrong.
        match open(&self.path) {
            Ok(connection) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn lead(&mut self, lease: Duration) -> Result<Option<Term>, BoxError> {
        let is_held = |stored: &Stored| {
            stored.holder.is_some() && stored.until > Timestamp::now().as_micros()
        };
        let foreign = self.foreign.take();
        let (term, foreign) = self.with(|connection| {
            let seen = read_lease(connection)?;
            if let Some(stored) = seen.clone().filter(is_held) {
                // The clock may have been set back since: a lease that nobody renews ends by this process' own clock, too.
                let since = foreign
                    .filter(|(seen, _)| *seen == stored)
                    .map_or_else(Instant::now, |(_, since)| since);
                if since.elapsed() < lease.saturating_mul(2) {
                    return Ok((None, Some((stored, since))));
                }
            }
            // A new epoch must survive a loss of power, or two terms have one counter.
            synchronize(connection, "FULL")?;
            let term = begin(connection, seen, lease);
            synchronize(connection, "NORMAL")?;
            Ok((term?, None))
        })?;
        self.foreign = foreign;
        Ok(term)
    }

    fn renew(&mut self, term: &Term, lease: Duration) -> Result<bool, BoxError> {
        self.under(term, |transaction| {
            write_lease(transaction, &Stored::of(term, lease))
        })
    }

    fn release(&mut self, term: &Term) -> Result<(), BoxError> {
        self.under(term, |transaction| {
            transaction.execute(
                "UPDATE events_outbox_lease SET holder = NULL, last = ? WHERE name = ?",
                params![reserved_after(term.last), LEASE],
            )?;
            Ok(())
        })?;
        self.connection = None;
        Ok(())
    }

    fn read(&mut self, after: i64, limit: usize) -> Result<Vec<Pending>, BoxError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.with(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, event_id, event_type, metadata, trace, body FROM events_outbox
                 WHERE problem IS NULL AND id > ? ORDER BY id LIMIT ?",
            )?;
            let mut rows = select.query([after, limit])?;
            let (mut pending, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let number = row.get(0)?;
                // A column of this database can hold anything.
                let columns = columns(row).map_err(|error| error.to_string());
                bytes += columns.as_ref().map_or(0, |row| row.body.len());
                pending.push((number, columns));
                if bytes >= READ_BYTES {
                    break;
                }
            }
            Ok(pending)
        })
    }

    fn remove(&mut self, term: &Term, numbers: &[i64]) -> Result<bool, BoxError> {
        self.under(term, |transaction| {
            let mut delete =
                transaction.prepare_cached("DELETE FROM events_outbox WHERE id = ?")?;
            for number in numbers {
                delete.execute([number])?;
            }
            Ok(())
        })
    }

    fn quarantine(&mut self, term: &Term, number: i64, problem: &str) -> Result<bool, BoxError> {
        self.under(term, |transaction| {
            transaction.execute(
                "UPDATE events_outbox SET problem = ? WHERE id = ?",
                params![problem, number],
            )?;
            Ok(())
        })
    }

    fn requeue_quarantined(&mut self) -> Result<u64, BoxError> {
        let requeued = self.with(|connection| {
            connection.execute(
                "UPDATE events_outbox SET problem = NULL WHERE problem IS NOT NULL",
                [],
            )
        })?;
        Ok(requeued as u64)
    }

    fn status(&mut self) -> Result<OutboxStatus, BoxError> {
        self.with(|connection| status(connection))
    }
}

/// Begins a term, unless the lease has changed since it was looked at: another relay was quicker.
fn begin(
    connection: &mut Connection,
    seen: Option<Stored>,
    lease: Duration,
) -> rusqlite::Result<Option<Term>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if read_lease(&transaction)? != seen {
        return Ok(None);
    }
    let (counter, last, incarnation) = seen.map_or((0, 0, None), |seen| {
        // A damaged incarnation is as good as none.
        let incarnation = Uuid::try_parse(&seen.incarnation).ok();
        (seen.counter.max(0), seen.last.max(0), incarnation)
    });
    let term = Term {
        epoch: Epoch::after(counter.unsigned_abs()),
        incarnation: incarnation.unwrap_or_else(|| Uuid::from_u128(fastrand::u128(..))),
        last: last.unsigned_abs(),
    };
    write_lease(&transaction, &Stored::of(&term, lease))?;
    transaction.commit()?;
    Ok(Some(term))
}

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxRow> {
    let event_id: String = row.get(1)?;
    Ok(OutboxRow {
        // The column is there to be searched for; the metadata contains the id, too.
        event_id: Uuid::try_parse(&event_id).unwrap_or_default(),
        event_type: row.get(2)?,
        metadata: row.get(3)?,
        trace: row.get(4)?,
        body: row.get(5)?,
    })
}
