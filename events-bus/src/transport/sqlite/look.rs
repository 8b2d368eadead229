//! Looking without taking: states, entries, dead letters.

use events_core::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::error::{Attempt, Fault};
use super::publish::{entry_id, find_topic, newest};
use super::rows::{self, RowReader};
use super::settle::read_malformed;
use crate::transport::{
    DeadLetter, DeadReason, Entry, EntryId, GroupStatus, Position, TopicStatus,
};

pub(super) fn topics(transaction: &Transaction<'_>) -> Attempt<Vec<TopicStatus>> {
    let names: Vec<(i64, String)> = transaction
        .prepare_cached("SELECT id, name FROM topics ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    names
        .into_iter()
        .map(|(id, name)| of_topic(transaction, id, &name))
        .collect()
}

pub(super) fn status(transaction: &Transaction<'_>, topic: &str) -> Attempt<Option<TopicStatus>> {
    find_topic(transaction, topic)?
        .map(|id| of_topic(transaction, id, topic))
        .transpose()
}

fn of_topic(transaction: &Transaction<'_>, id: i64, name: &str) -> Attempt<TopicStatus> {
    let mut status = TopicStatus::new(name);
    let last = newest(transaction, id)?;
    // Entries go from the beginning on, so what is between the ends is there.
    let (oldest, newest): (Option<i64>, Option<i64>) = transaction
        .prepare_cached(&format!(
            "SELECT min(id), (SELECT max(id) FROM entries_{id}) FROM entries_{id}"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let (Some(oldest), Some(newest)) = (oldest, newest) {
        status.entries = u64::try_from(newest - oldest + 1).unwrap_or_default();
        status.oldest = Some(entry_id(oldest));
        status.newest = Some(entry_id(newest));
    }
    status.dead_letters = count(transaction, "SELECT count(*) FROM dead WHERE topic = ?", id)?;
    let groups: Vec<GroupRow> = transaction
        .prepare_cached(
            "SELECT id, name, position, leader, lease_end, lease FROM groups WHERE topic = ? ORDER BY name",
        )?
        .query_map([id], |row| {
            Ok(GroupRow {
                id: row.get(0)?,
                name: row.get(1)?,
                position: row.get(2)?,
                leader: row.get(3)?,
                lease_end: row.get(4)?,
                lease: row.get(5)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let now = Timestamp::now().as_micros();
    for row in groups {
        let mut group = GroupStatus::new(&row.name);
        // What was trimmed before it was read is not to be read any more.
        let position = row
            .position
            .max(oldest.map_or(row.position, |oldest| oldest - 1));
        group.unread = u64::try_from(last - position).ok();
        group.pending = count(
            transaction,
            "SELECT count(*) FROM pending WHERE grp = ? AND queue = 1",
            row.id,
        )?;
        group.requeued = count(
            transaction,
            "SELECT count(*) FROM again WHERE grp = ?",
            row.id,
        )?;
        let pending: Option<i64> = transaction
            .prepare_cached("SELECT min(entry) FROM pending WHERE grp = ? AND queue = 1")?
            .query_row([row.id], |row| row.get(0))?;
        let first = pending.unwrap_or(i64::MAX).min(position + 1);
        let at: Option<i64> = transaction
            .prepare_cached(&format!(
                "SELECT at FROM entries_{id} WHERE id >= ? ORDER BY id LIMIT 1"
            ))?
            .query_row([first], |row| row.get(0))
            .optional()?;
        group.oldest_unfinished = at.and_then(Timestamp::from_micros);
        let left = row.lease_end.saturating_sub(now);
        group.leader = row.leader.filter(|_| left > 0 && left <= row.lease);
        status.groups.push(group);
    }
    Ok(status)
}

struct GroupRow {
    id: i64,
    name: String,
    position: i64,
    leader: Option<String>,
    lease_end: i64,
    lease: i64,
}

fn count(transaction: &Transaction<'_>, query: &str, of: i64) -> Attempt<u64> {
    let count: i64 = transaction
        .prepare_cached(query)?
        .query_row([of], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

pub(super) fn read(
    transaction: &Transaction<'_>,
    topic: &str,
    from: Position,
    most: usize,
) -> Attempt<Vec<Entry>> {
    let Some(topic) = find_topic(transaction, topic)? else {
        return Ok(Vec::new());
    };
    let number = |major: u64| i64::try_from(major).unwrap_or(i64::MAX);
    let first = match from {
        Position::Oldest => 0,
        Position::At(id) => number(id.major()).saturating_add(i64::from(id.minor() > 0)),
        Position::After(id) => number(id.major()).saturating_add(1),
        Position::Time(time) => first_at(transaction, topic, time)?,
    };
    let columns = rows::COLUMNS;
    let mut select = transaction.prepare_cached(&format!(
        "SELECT id, {columns} FROM entries_{topic} WHERE id >= ? ORDER BY id LIMIT ?"
    ))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut reader = RowReader::new(transaction);
    let mut found = select.query([first, most])?;
    let mut entries = Vec::new();
    while let Some(row) = found.next()? {
        let (at, record) = reader.record(row, 1)?;
        entries.push(Entry::new(entry_id(row.get(0)?), at, Ok(record)));
    }
    Ok(entries)
}

/// The first entry that was published then or later. The clock may have been set back in between, so all are looked at, which
/// SQLite does quickly.
fn first_at(transaction: &Transaction<'_>, topic: i64, time: Timestamp) -> Attempt<i64> {
    let first: Option<i64> = transaction
        .prepare_cached(&format!(
            "SELECT id FROM entries_{topic} WHERE at >= ? ORDER BY id LIMIT 1"
        ))?
        .query_row([time.as_micros()], |row| row.get(0))
        .optional()?;
    Ok(first.unwrap_or(i64::MAX))
}

pub(super) fn dead_letters(
    transaction: &Transaction<'_>,
    topic: &str,
    behind: Option<EntryId>,
    most: usize,
) -> Attempt<Vec<(EntryId, DeadLetter)>> {
    let Some(topic) = find_topic(transaction, topic)? else {
        return Ok(Vec::new());
    };
    let behind = behind.map_or(0, |id| i64::try_from(id.major()).unwrap_or(i64::MAX));
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let columns = rows::COLUMNS;
    let mut select = transaction.prepare_cached(&format!(
        "SELECT id, grp, receiver, reason, error, attempts, queue, entry, entry_minor, given_up, malformed, {columns} FROM dead
         WHERE topic = ? AND id > ? ORDER BY id LIMIT ?"
    ))?;
    let mut reader = RowReader::new(transaction);
    let mut found = select.query(params![topic, behind, most])?;
    let mut letters = Vec::new();
    while let Some(row) = found.next()? {
        let number = |index: usize| -> Attempt<u64> {
            Ok(u64::try_from(row.get::<_, i64>(index)?).unwrap_or_default())
        };
        let reason: String = row.get(3)?;
        let reason = DeadReason::from_word(&reason)
            .ok_or(Fault::Damaged("the reason of a dead letter is none"))?;
        let mut entry = EntryId::new(number(7)?, number(8)?);
        if row.get::<_, i64>(6)? == 0 {
            entry = entry.in_redelivery();
        }
        let at = Timestamp::from_micros(row.get(9)?)
            .ok_or(Fault::Damaged("the time of a dead letter is none"))?;
        let record =
            match row.get::<_, Option<Vec<u8>>>(10)? {
                Some(malformed) => Err(read_malformed(&malformed)
                    .ok_or(Fault::Damaged("a dead letter cannot be read"))?),
                None => Ok(reader.record(row, 11)?.1),
            };
        let group: String = row.get(1)?;
        let error: String = row.get(4)?;
        let mut letter = DeadLetter::new(group.into(), reason, error, entry, at, record);
        letter.receiver = row.get::<_, Option<String>>(2)?.map(Into::into);
        letter.attempts = row.get(5)?;
        letters.push((entry_id(row.get(0)?), letter));
    }
    Ok(letters)
}
