//! Reading without a group: status and entries.

use events_core::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::error::Attempt;
use super::groups::{LEASE, Lease};
use super::publish::{entry_id, find_topic, newest};
use super::receive::as_limit;
use super::rows::{self, RowReader};
use crate::transport::{Entry, GroupStatus, Position, TopicStatus};

pub(super) fn topics(connection: &Connection) -> Attempt<Vec<TopicStatus>> {
    let names: Vec<(i64, String)> = connection
        .prepare_cached("SELECT id, name FROM topics ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    names
        .into_iter()
        .map(|(id, name)| of_topic(connection, id, &name))
        .collect()
}

pub(super) fn status(connection: &Connection, topic: &str) -> Attempt<Option<TopicStatus>> {
    find_topic(connection, topic)?
        .map(|id| of_topic(connection, id, topic))
        .transpose()
}

fn of_topic(connection: &Connection, id: i64, name: &str) -> Attempt<TopicStatus> {
    let mut status = TopicStatus::new(name);
    let last = newest(connection, id)?;
    // Only the oldest entries are ever deleted, so nothing is missing between the ends.
    let (oldest, newest): (Option<i64>, Option<i64>) = connection
        .prepare_cached(&format!(
            "SELECT min(id), (SELECT max(id) FROM entries_{id}) FROM entries_{id}"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let (Some(oldest), Some(newest)) = (oldest, newest) {
        status.entries = u64::try_from(newest - oldest + 1).unwrap_or_default();
        status.oldest = Some(entry_id(oldest));
        status.newest = Some(entry_id(newest));
    }
    status.dead_letters = count(connection, "SELECT count(*) FROM dead WHERE topic = ?", id)?;
    let groups: Vec<GroupRow> = connection
        .prepare_cached(&format!(
            "SELECT id, name, position, {LEASE} FROM groups WHERE topic = ? ORDER BY name"
        ))?
        .query_map([id], |row| {
            Ok(GroupRow {
                id: row.get(0)?,
                name: row.get(1)?,
                position: row.get(2)?,
                lease: Lease::read(row, 3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let now = Timestamp::now().as_micros();
    for row in groups {
        let mut group = GroupStatus::new(&row.name);
        // An entry that was trimmed before the group was given it does not wait any more.
        let position = row.position.max(oldest.map_or(last, |oldest| oldest - 1));
        group.unread = u64::try_from(last - position).ok();
        group.pending = count(
            connection,
            "SELECT count(*) FROM pending WHERE grp = ? AND queue = 1",
            row.id,
        )?;
        group.requeued = count(
            connection,
            "SELECT count(*) FROM requeued WHERE grp = ?",
            row.id,
        )?;
        group.parked = count(
            connection,
            "SELECT count(*) FROM retries WHERE grp = ?",
            row.id,
        )?;
        group.oldest_unfinished = oldest_unfinished(connection, id, &row, position)?;
        group.leader = row.lease.leader(now).map(str::to_owned);
        status.groups.push(group);
    }
    Ok(status)
}

fn oldest_unfinished(
    connection: &Connection,
    topic: i64,
    group: &GroupRow,
    position: i64,
) -> Attempt<Option<Timestamp>> {
    let pending: Option<i64> = connection
        .prepare_cached("SELECT min(entry) FROM pending WHERE grp = ? AND queue = 1")?
        .query_row([group.id], |row| row.get(0))?;
    let first = pending.unwrap_or(i64::MAX).min(position + 1);
    let at: Option<i64> = connection
        .prepare_cached(&format!(
            "SELECT at FROM entries_{topic} WHERE id >= ? ORDER BY id LIMIT 1"
        ))?
        .query_row([first], |row| row.get(0))
        .optional()?;
    Ok(at.and_then(Timestamp::from_micros))
}

struct GroupRow {
    id: i64,
    name: String,
    position: i64,
    lease: Lease,
}

fn count(connection: &Connection, query: &str, of: i64) -> Attempt<u64> {
    let count: i64 = connection
        .prepare_cached(query)?
        .query_row([of], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

pub(super) fn read(
    connection: &Connection,
    topic: &str,
    from: Position,
    limit: usize,
) -> Attempt<Vec<Entry>> {
    let Some(topic) = find_topic(connection, topic)? else {
        return Ok(Vec::new());
    };
    let number = |major: u64| i64::try_from(major).unwrap_or(i64::MAX);
    let first = match from {
        Position::Oldest => 0,
        Position::At(id) => number(id.major()).saturating_add(i64::from(id.minor() > 0)),
        Position::After(id) => number(id.major()).saturating_add(1),
        Position::Time(time) => first_at(connection, topic, time)?,
    };
    let columns = rows::COLUMNS;
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, {columns} FROM entries_{topic} WHERE id >= ? ORDER BY id LIMIT ?"
    ))?;
    let mut reader = RowReader::new(connection);
    let mut found = select.query([first, as_limit(limit)])?;
    let mut entries = Vec::new();
    while let Some(row) = found.next()? {
        entries.push(reader.entry(entry_id(row.get(0)?), row, 1)?);
    }
    Ok(entries)
}

/// Returns the first entry that was published at a time or later. The clock may have been set back in between, so this looks at
/// one after the other.
fn first_at(connection: &Connection, topic: i64, time: Timestamp) -> Attempt<i64> {
    let first: Option<i64> = connection
        .prepare_cached(&format!(
            "SELECT id FROM entries_{topic} WHERE at >= ? ORDER BY id LIMIT 1"
        ))?
        .query_row([time.as_micros()], |row| row.get(0))
        .optional()?;
    Ok(first.unwrap_or(i64::MAX))
}
