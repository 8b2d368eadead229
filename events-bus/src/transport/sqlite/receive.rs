//! Handing out entries that a group was not given yet.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use events_core::Timestamp;
use rusqlite::{Connection, params};

use super::error::{Attempt, failed};
use super::groups::{self, Group, queue_number};
use super::handled::Window;
use super::publish::{entry_id, row_number};
use super::rows::{self, RowReader};
use super::{Live, SqliteTransport};
use crate::transport::{Entry, EntryId, Limit, Member, TransportError};

const LOOK: &str = "look for entries";

impl SqliteTransport {
    /// Waits until there is something to hand out, for at most `wait`. Returns `false` if there is nothing.
    pub(super) fn wait_for_entries(
        &self,
        live: &Live,
        member: Member<'_>,
        wait: Duration,
    ) -> Result<bool, TransportError> {
        let begun = Instant::now();
        loop {
            let seen = *self.lock_arrived();
            if self.has_entries(live, member)? {
                return Ok(true);
            }
            let left = wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            // A record that this handle publishes ends the wait at once. One of another process is found by looking again.
            drop(self.arrived.1.wait_timeout_while(
                self.lock_arrived(),
                left.min(self.options.poll),
                |count| *count == seen,
            ));
        }
    }

    fn lock_arrived(&self) -> MutexGuard<'_, u64> {
        self.arrived
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn has_entries(&self, live: &Live, member: Member<'_>) -> Result<bool, TransportError> {
        let mut reader = live.reader();
        let mut look = || -> Attempt<bool> {
            reader.watch.check(&live.file)?;
            // The epoch is checked here too, for a call that ends without an entry.
            let group = groups::admit(&reader.connection, member)?;
            has_new(&reader.connection, &group, true)
        };
        look().map_err(|fault| failed(&self.path, LOOK, fault))
    }
}

/// Returns `true` if the topic has an entry that the group was not given, or its redelivery queue has one.
fn has_new(connection: &Connection, group: &Group, or_requeued: bool) -> Attempt<bool> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM entries_{} WHERE id > ?1)
                 OR (?3 AND EXISTS (SELECT 1 FROM requeued WHERE grp = ?2 AND given = 0))",
            group.topic
        ))?
        .query_row(params![group.position, group.id, or_requeued], |row| {
            row.get(0)
        })?)
}

/// The part of a limit that is used up.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Used {
    entries: usize,
    bytes: usize,
}

impl Used {
    /// Counts an entry and returns `true` if it fits under a limit. The first one always does.
    pub(super) fn take(&mut self, size: usize, limit: Limit) -> bool {
        let bytes = self.bytes.saturating_add(size);
        let fits = self.entries < limit.entries && (self.entries == 0 || bytes <= limit.bytes);
        if fits {
            self.entries += 1;
            self.bytes = bytes;
        }
        fits
    }

    /// Returns `true` if no further entry fits.
    pub(super) fn is_full(&self, limit: Limit) -> bool {
        self.entries >= limit.entries || (self.entries > 0 && self.bytes >= limit.bytes)
    }
}

pub(super) fn receive(
    connection: &Connection,
    member: Member<'_>,
    limit: Limit,
    window: Window,
) -> Attempt<Vec<Entry>> {
    let group = groups::admit(connection, member)?;
    let mut used = Used::default();
    let mut entries = receive_requeued(connection, member, &group, limit, &mut used)?;
    if !used.is_full(limit) {
        receive_new(connection, member, &group, limit, &mut used, &mut entries)?;
    }
    for entry in &mut entries {
        window.look_up(connection, group.id, entry)?;
    }
    Ok(entries)
}

/// Hands out requeued records: at most half of the limit while new entries wait.
fn receive_requeued(
    connection: &Connection,
    member: Member<'_>,
    group: &Group,
    limit: Limit,
    used: &mut Used,
) -> Attempt<Vec<Entry>> {
    let columns = rows::COLUMNS;
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, {columns} FROM requeued WHERE grp = ? AND given = 0 ORDER BY id LIMIT ?"
    ))?;
    let mut reader = RowReader::new(connection);
    let mut found = select.query(params![group.id, as_limit(limit.entries)])?;
    let mut entries = Vec::new();
    let mut share = None;
    while let Some(row) = found.next()? {
        let share = match share {
            Some(share) => share,
            None => *share.insert(share_of_requeued(connection, group, limit)?),
        };
        let id = entry_id(row.get(0)?).in_redelivery();
        let entry = reader.entry(id, row, 1)?.delivered(1);
        if !used.take(entry.size(), share) {
            break;
        }
        entries.push(entry);
    }
    for entry in &entries {
        connection
            .prepare_cached("UPDATE requeued SET given = 1 WHERE id = ?")?
            .execute([row_number(entry.id)])?;
        hold(connection, group, member, entry.id)?;
    }
    Ok(entries)
}

fn share_of_requeued(connection: &Connection, group: &Group, limit: Limit) -> Attempt<Limit> {
    if !has_new(connection, group, false)? {
        return Ok(limit);
    }
    Ok(Limit {
        entries: limit.entries.div_ceil(2),
        bytes: limit.bytes / 2,
    })
}

fn receive_new(
    connection: &Connection,
    member: Member<'_>,
    group: &Group,
    limit: Limit,
    used: &mut Used,
    entries: &mut Vec<Entry>,
) -> Attempt<()> {
    let columns = rows::COLUMNS;
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, {columns} FROM entries_{} WHERE id > ? ORDER BY id LIMIT ?",
        group.topic
    ))?;
    let mut reader = RowReader::new(connection);
    let mut found = select.query([group.position, as_limit(limit.entries)])?;
    let mut position = group.position;
    while !used.is_full(limit)
        && let Some(row) = found.next()?
    {
        let number: i64 = row.get(0)?;
        let entry = reader.entry(entry_id(number), row, 1)?.delivered(1);
        if !used.take(entry.size(), limit) {
            break;
        }
        position = number;
        hold(connection, group, member, entry.id)?;
        entries.push(entry);
    }
    if position > group.position {
        connection
            .prepare_cached("UPDATE groups SET position = ? WHERE id = ?")?
            .execute([position, group.id])?;
    }
    Ok(())
}

/// Makes an entry pending with a consumer, delivered once.
fn hold(connection: &Connection, group: &Group, member: Member<'_>, entry: EntryId) -> Attempt<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO pending (grp, queue, entry, consumer, touched, deliveries) VALUES (?, ?, ?, ?, ?, 1)",
        )?
        .execute(params![
            group.id,
            queue_number(entry.queue()),
            row_number(entry),
            member.consumer,
            Timestamp::now().as_micros()
        ])?;
    Ok(())
}

/// Returns a number of rows as SQLite takes it.
pub(super) fn as_limit(entries: usize) -> i64 {
    i64::try_from(entries).unwrap_or(i64::MAX)
}
