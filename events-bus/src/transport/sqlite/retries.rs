//! The retry queue of a group.

use std::time::Duration;

use events_core::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::{Attempt, Fault};
use super::groups::{self, id_in, micros, queue_number};
use super::handled::Window;
use super::publish::row_number;
use super::rows::{self, Interned, RowReader};
use crate::transport::{Entry, EntryId, Member, Parked, RetryId, RetryState};

/// Columns of a state, in the order of [`read_state`].
const STATE: &str = "receiver, retry_key, attempts, error, due, delay";

/// A place in a retry queue: the group, and the entry that was parked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) group: i64,
    pub(super) entry: EntryId,
}

impl Place {
    fn key(self) -> (i64, i64, i64) {
        (
            self.group,
            queue_number(self.entry.queue()),
            row_number(self.entry),
        )
    }
}

/// Stores the deliveries of an entry that was just settled.
pub(super) fn park(
    connection: &Connection,
    interned: &mut Interned,
    place: Place,
    at: Timestamp,
    parked: &Parked,
) -> Attempt<()> {
    let (group, queue, entry) = place.key();
    let sender = interned.sender(connection, &parked.record.metadata)?;
    let columns = rows::COLUMNS;
    let mut insert = connection.prepare_cached(&format!(
        "INSERT OR REPLACE INTO retries (grp, queue, entry, touched, {STATE}, {columns})
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))?;
    let now = Timestamp::now().as_micros();
    for state in &parked.retries {
        insert.raw_bind_parameter(1, group)?;
        insert.raw_bind_parameter(2, queue)?;
        insert.raw_bind_parameter(3, entry)?;
        insert.raw_bind_parameter(4, now)?;
        insert.raw_bind_parameter(5, &*state.receiver)?;
        insert.raw_bind_parameter(6, state.key.as_deref())?;
        insert.raw_bind_parameter(7, state.attempts)?;
        insert.raw_bind_parameter(8, &*state.error)?;
        insert.raw_bind_parameter(9, state.due.as_micros())?;
        insert.raw_bind_parameter(10, nanos(state.delay))?;
        rows::bind(&mut insert, 11, at, &parked.record, sender)?;
        insert.raw_execute()?;
    }
    Ok(())
}

/// Settles a delivery: removes it, or replaces it if it is parked again. Returns `false` if it is not in the queue.
pub(super) fn settle(
    connection: &Connection,
    interned: &mut Interned,
    place: Place,
    receiver: &str,
    parked: Option<&Parked>,
) -> Attempt<bool> {
    let (group, queue, entry) = place.key();
    let at: Option<i64> = connection
        .prepare_cached(
            "SELECT at FROM retries WHERE grp = ? AND queue = ? AND entry = ? AND receiver = ?",
        )?
        .query_row(params![group, queue, entry, receiver], |row| row.get(0))
        .optional()?;
    let Some(at) = at else { return Ok(false) };
    connection
        .prepare_cached(
            "DELETE FROM retries WHERE grp = ? AND queue = ? AND entry = ? AND receiver = ?",
        )?
        .execute(params![group, queue, entry, receiver])?;
    if let Some(parked) = parked {
        let at = Timestamp::from_micros(at).ok_or(Fault::Damaged("a time is out of range"))?;
        park(connection, interned, place, at, parked)?;
    }
    Ok(true)
}

/// Returns a delay as it is stored: up to 292 years.
fn nanos(delay: Duration) -> i64 {
    i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX)
}

fn read_state(row: &Row<'_>, from: usize) -> Attempt<RetryState> {
    let delay: i64 = row.get(from + 5)?;
    Ok(RetryState {
        receiver: row.get::<_, String>(from)?.into(),
        key: row.get::<_, Option<String>>(from + 1)?.map(Into::into),
        attempts: row.get(from + 2)?,
        error: row.get::<_, String>(from + 3)?.into(),
        due: Timestamp::from_micros(row.get(from + 4)?)
            .ok_or(Fault::Damaged("the time of a retry is out of range"))?,
        delay: Duration::from_nanos(delay.max(0).unsigned_abs()),
    })
}

/// Lists the retry queue, in the order of the entries.
pub(super) fn list(
    connection: &Connection,
    member: Member<'_>,
) -> Attempt<Vec<(EntryId, RetryState)>> {
    let group = groups::admit(connection, member)?;
    let mut select = connection.prepare_cached(&format!(
        "SELECT queue, entry, {STATE} FROM retries WHERE grp = ? ORDER BY queue, entry, receiver"
    ))?;
    let mut found = select.query([group.id])?;
    let mut retries = Vec::new();
    while let Some(row) = found.next()? {
        retries.push((id_in(row.get(0)?, row.get(1)?), read_state(row, 2)?));
    }
    Ok(retries)
}

pub(super) fn claim(
    connection: &Connection,
    member: Member<'_>,
    retries: &[RetryId],
    idle: Duration,
    trial: bool,
    window: Window,
) -> Attempt<Vec<Entry>> {
    let group = groups::admit(connection, member)?;
    let now = Timestamp::now().as_micros();
    let columns = rows::COLUMNS;
    // A delivery that was touched in the future was touched before the clock was set back.
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, deliveries, trials, {STATE}, {columns} FROM retries
         WHERE grp = ?1 AND queue = ?2 AND entry = ?3 AND receiver = ?4
           AND (consumer = '' OR consumer = ?5 OR touched <= ?6 OR touched > ?7)"
    ))?;
    let mut update = connection.prepare_cached(
        "UPDATE retries SET consumer = ?, touched = ?, deliveries = ?, trials = ? WHERE id = ?",
    )?;
    let mut reader = RowReader::new(connection);
    let mut entries = Vec::with_capacity(retries.len());
    for (entry, receiver) in retries {
        let place = Place {
            group: group.id,
            entry: *entry,
        };
        let (grp, queue, number) = place.key();
        let mut found = select.query(params![
            grp,
            queue,
            number,
            &**receiver,
            member.consumer,
            now.saturating_sub(micros(idle)),
            now
        ])?;
        let Some(row) = found.next()? else { continue };
        let id: i64 = row.get(0)?;
        let deliveries = row.get::<_, i64>(1)?.cast_unsigned().saturating_add(1);
        let trials = row.get::<_, u32>(2)?.saturating_add(u32::from(trial));
        let mut entry = reader
            .entry(*entry, row, 9)?
            .delivered(deliveries)
            .tried(trials)
            .retried(read_state(row, 3)?);
        drop(found);
        update.execute(params![
            member.consumer,
            now,
            deliveries.cast_signed(),
            trials,
            id
        ])?;
        window.look_up(connection, group.id, &mut entry)?;
        entries.push(entry);
    }
    Ok(entries)
}
