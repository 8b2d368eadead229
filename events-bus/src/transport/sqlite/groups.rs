//! Groups: who reads what.

use std::sync::Arc;
use std::time::Duration;

use events_core::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::SqliteTransport;
use super::error::{Attempt, Fault, failed};
use super::publish::{entry_id, newest, no_group, row_number, topic_id};
use super::rows::{self, RowReader};
use super::settle::buckets;
use crate::transport::{Entry, EntryId, Member, Queue, Standing, Start, TransportError};

/// A group in the file.
pub(super) struct Group {
    pub(super) id: i64,
    pub(super) topic: i64,
    position: i64,
    leader: Option<String>,
    lease_end: i64,
    lease: i64,
}

impl Group {
    /// Whether a consumer leads it at this time. A lease that ends further from now than it is long was given before the clock
    /// was set back, and is void.
    pub(super) fn is_led_by(&self, consumer: &str, now: i64) -> bool {
        self.leader.as_deref() == Some(consumer) && self.has_leader(now)
    }

    pub(super) fn has_leader(&self, now: i64) -> bool {
        let left = self.lease_end.saturating_sub(now);
        self.leader.is_some() && left > 0 && left <= self.lease
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn queue_number(queue: Queue) -> i64 {
    match queue {
        Queue::Redelivery => 0,
        Queue::Topic => 1,
    }
}

pub(super) fn find(connection: &Connection, topic: &str, group: &str) -> Attempt<Group> {
    connection
        .prepare_cached(
            "SELECT groups.id, groups.topic, position, leader, lease_end, lease FROM groups
             JOIN topics ON topics.id = groups.topic WHERE topics.name = ? AND groups.name = ?",
        )?
        .query_row([topic, group], |row| {
            Ok(Group {
                id: row.get(0)?,
                topic: row.get(1)?,
                position: row.get(2)?,
                leader: row.get(3)?,
                lease_end: row.get(4)?,
                lease: row.get(5)?,
            })
        })
        .optional()?
        .ok_or_else(|| no_group(topic, group))
}

pub(super) fn join(
    transaction: &Transaction<'_>,
    topic: &str,
    group: &str,
    start: Start,
) -> Attempt<()> {
    let id = topic_id(transaction, topic)?;
    let position = match start {
        Start::Beginning => 0,
        Start::Now => newest(transaction, id)?,
    };
    transaction
        .prepare_cached("INSERT OR IGNORE INTO groups (topic, name, position) VALUES (?, ?, ?)")?
        .execute(params![id, group, position])?;
    Ok(())
}

pub(super) fn lead(
    transaction: &Transaction<'_>,
    member: Member<'_>,
    lease: Duration,
) -> Attempt<Standing> {
    let group = find(transaction, member.topic, member.group)?;
    let now = Timestamp::now().as_micros();
    if group.has_leader(now) && !group.is_led_by(member.consumer, now) {
        return Ok(Standing::Standby);
    }
    let lease = micros(lease);
    transaction
        .prepare_cached("UPDATE groups SET leader = ?, lease_end = ?, lease = ? WHERE id = ?")?
        .execute(params![
            member.consumer,
            now.saturating_add(lease),
            lease,
            group.id
        ])?;
    Ok(Standing::Active)
}

pub(super) fn leave(transaction: &Transaction<'_>, member: Member<'_>) -> Attempt<()> {
    let group = find(transaction, member.topic, member.group)?;
    transaction
        .prepare_cached("UPDATE groups SET leader = NULL WHERE id = ? AND leader = ?")?
        .execute(params![group.id, member.consumer])?;
    transaction
        .prepare_cached("UPDATE pending SET consumer = '' WHERE grp = ? AND consumer = ?")?
        .execute(params![group.id, member.consumer])?;
    Ok(())
}

pub(super) fn take_over(
    transaction: &Transaction<'_>,
    member: Member<'_>,
    behind: Option<EntryId>,
    idle: Duration,
    most: usize,
) -> Attempt<Vec<Entry>> {
    let group = find(transaction, member.topic, member.group)?;
    let now = Timestamp::now().as_micros();
    let (queue, entry) = behind.map_or((-1, -1), |id| (queue_number(id.queue()), row_number(id)));
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    // What was touched in the future was touched before the clock was set back.
    let found: Vec<(i64, i64, i64, Option<String>)> = transaction
        .prepare_cached(
            "SELECT queue, entry, deliveries, progress FROM pending
             WHERE grp = ?1 AND (queue, entry) > (?2, ?3)
               AND (consumer = ?4 OR consumer = '' OR touched <= ?5 OR touched > ?6)
             ORDER BY queue, entry LIMIT ?7",
        )?
        .query_map(
            params![
                group.id,
                queue,
                entry,
                member.consumer,
                now.saturating_sub(micros(idle)),
                now,
                most
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?
        .collect::<Result<_, _>>()?;
    let columns = rows::COLUMNS;
    let mut reader = RowReader::new(transaction);
    let mut entries = Vec::with_capacity(found.len());
    for (queue, number, deliveries, progress) in found {
        let (table, id) = match queue {
            0 => ("again".to_owned(), entry_id(number).in_redelivery()),
            _ => (format!("entries_{}", group.topic), entry_id(number)),
        };
        let mut select =
            transaction.prepare_cached(&format!("SELECT {columns} FROM {table} WHERE id = ?"))?;
        let mut rows = select.query([number])?;
        let Some(row) = rows.next()? else {
            // It was trimmed: there is nothing left to hand out.
            unpend(transaction, group.id, queue, number)?;
            continue;
        };
        let (at, record) = reader.record(row, 0)?;
        let deliveries = deliveries.saturating_add(1);
        transaction
            .prepare_cached(
                "UPDATE pending SET consumer = ?, touched = ?, deliveries = ? WHERE grp = ? AND queue = ? AND entry = ?",
            )?
            .execute(params![member.consumer, now, deliveries, group.id, queue, number])?;
        let deliveries = u64::try_from(deliveries).unwrap_or_default();
        let mut entry = Entry::new(id, at, Ok(record)).delivered(deliveries);
        if let Some(progress) = progress {
            entry.progress = rows::read_progress(&progress)
                .ok_or(Fault::Damaged("the progress of an entry cannot be read"))?;
        }
        entries.push(entry);
    }
    Ok(entries)
}

pub(super) fn unpend(
    transaction: &Transaction<'_>,
    group: i64,
    queue: i64,
    entry: i64,
) -> Attempt<bool> {
    let gone = transaction
        .prepare_cached("DELETE FROM pending WHERE grp = ? AND queue = ? AND entry = ?")?
        .execute([group, queue, entry])?;
    Ok(gone > 0)
}

impl SqliteTransport {
    /// Whether there is something to be handed out, after at most so long.
    pub(super) fn wait_for_entries(
        &self,
        member: Member<'_>,
        wait: Duration,
    ) -> Result<bool, TransportError> {
        let begun = std::time::Instant::now();
        loop {
            let seen = *self.lock_arrived();
            if self.has_entries(member)? {
                return Ok(true);
            }
            let left = wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            // What this handle publishes wakes it at once; what another process does is seen by looking again.
            drop(self.arrived.1.wait_timeout_while(
                self.lock_arrived(),
                left.min(self.options.poll),
                |count| *count == seen,
            ));
        }
    }

    fn lock_arrived(&self) -> std::sync::MutexGuard<'_, u64> {
        self.arrived
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn has_entries(&self, member: Member<'_>) -> Result<bool, TransportError> {
        let reader = self.reader();
        let look = || -> Attempt<bool> {
            let group = find(&reader, member.topic, member.group)?;
            Ok(reader
                .prepare_cached(&format!(
                    "SELECT EXISTS (SELECT 1 FROM entries_{} WHERE id > ?)
                         OR EXISTS (SELECT 1 FROM again WHERE grp = ? AND given = 0)",
                    group.topic
                ))?
                .query_row([group.position, group.id], |row| row.get(0))?)
        };
        look().map_err(|fault| failed(&self.path, "look for entries", fault))
    }
}

pub(super) fn receive(
    transaction: &Transaction<'_>,
    member: Member<'_>,
    most: usize,
    duplicate_window: Duration,
) -> Attempt<Vec<Entry>> {
    let group = find(transaction, member.topic, member.group)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut entries = receive_again(transaction, member, &group, most)?;
    let left = most.saturating_sub(i64::try_from(entries.len()).unwrap_or(i64::MAX));
    if left == 0 {
        return Ok(entries);
    }
    let columns = rows::COLUMNS;
    let mut select = transaction.prepare_cached(&format!(
        "SELECT id, {columns} FROM entries_{} WHERE id > ? ORDER BY id LIMIT ?",
        group.topic
    ))?;
    let mut reader = RowReader::new(transaction);
    let mut found = select.query([group.position, left])?;
    let mut position = group.position;
    let recent = buckets(Timestamp::now(), duplicate_window);
    while let Some(row) = found.next()? {
        position = row.get(0)?;
        let (at, record) = reader.record(row, 1)?;
        pend(transaction, &group, Queue::Topic, position, member)?;
        let mut entry = Entry::new(entry_id(position), at, Ok(record)).delivered(1);
        if let (Some((from, to)), Ok(record)) = (recent, &entry.record)
            && record.requeued.is_none()
        {
            let id = record.metadata.id();
            entry.handled_by = handled_by(transaction, group.id, &id.as_bytes()[..], from, to)?;
        }
        entries.push(entry);
    }
    if position > group.position {
        transaction
            .prepare_cached("UPDATE groups SET position = ? WHERE id = ?")?
            .execute([position, group.id])?;
    }
    Ok(entries)
}

fn receive_again(
    transaction: &Transaction<'_>,
    member: Member<'_>,
    group: &Group,
    most: i64,
) -> Attempt<Vec<Entry>> {
    let columns = rows::COLUMNS;
    let mut select = transaction.prepare_cached(&format!(
        "SELECT id, {columns} FROM again WHERE grp = ? AND given = 0 ORDER BY id LIMIT ?"
    ))?;
    let mut reader = RowReader::new(transaction);
    let mut found = select.query([group.id, most])?;
    let mut entries = Vec::new();
    let mut given = Vec::new();
    while let Some(row) = found.next()? {
        let number: i64 = row.get(0)?;
        let (at, record) = reader.record(row, 1)?;
        given.push(number);
        entries.push(Entry::new(entry_id(number).in_redelivery(), at, Ok(record)).delivered(1));
    }
    for number in given {
        transaction
            .prepare_cached("UPDATE again SET given = 1 WHERE id = ?")?
            .execute([number])?;
        pend(transaction, group, Queue::Redelivery, number, member)?;
    }
    Ok(entries)
}

fn pend(
    transaction: &Transaction<'_>,
    group: &Group,
    queue: Queue,
    number: i64,
    member: Member<'_>,
) -> Attempt<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO pending (grp, queue, entry, consumer, touched, deliveries) VALUES (?, ?, ?, ?, ?, 1)",
        )?
        .execute(params![
            group.id,
            queue_number(queue),
            number,
            member.consumer,
            Timestamp::now().as_micros()
        ])?;
    Ok(())
}

/// The receivers that have handled an event, by what the buckets of the duplicate window say.
fn handled_by(
    transaction: &Transaction<'_>,
    group: i64,
    event_id: &[u8],
    from: i64,
    to: i64,
) -> Attempt<Vec<Arc<str>>> {
    let mut select = transaction.prepare_cached(
        "SELECT receivers FROM handled WHERE bucket = ? AND grp = ? AND event_id = ?",
    )?;
    let mut all = Vec::new();
    for bucket in from..=to {
        let receivers: Option<String> = select
            .query_row(params![bucket, group, event_id], |row| row.get(0))
            .optional()?;
        for receiver in receivers.iter().flat_map(|all| all.split('\n')) {
            if !receiver.is_empty() && all.iter().all(|known: &Arc<str>| **known != *receiver) {
                all.push(Arc::from(receiver));
            }
        }
    }
    Ok(all)
}

pub(super) fn extend(
    transaction: &Transaction<'_>,
    member: Member<'_>,
    entries: &[EntryId],
) -> Attempt<()> {
    let group = find(transaction, member.topic, member.group)?;
    let now = Timestamp::now().as_micros();
    let mut update = transaction.prepare_cached(
        "UPDATE pending SET touched = ? WHERE grp = ? AND queue = ? AND entry = ? AND consumer = ?",
    )?;
    for id in entries {
        update.execute(params![
            now,
            group.id,
            queue_number(id.queue()),
            row_number(*id),
            member.consumer
        ])?;
    }
    Ok(())
}
