//! Groups: their rows, and who leads them.

use std::time::Duration;

use events_core::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::{Attempt, Fault};
use super::publish::{newest, no_group, row_number, topic_id};
use crate::transport::{EntryId, Epoch, Leadership, Member, Queue, Start};

/// Columns of [`Lease::read`].
pub(super) const LEASE: &str = "epoch, holder, consumer, lease_end, lease";

/// A group in the file.
pub(super) struct Group {
    pub(super) id: i64,
    pub(super) topic: i64,
    /// Number of the last entry that it was given.
    pub(super) position: i64,
    lease: Lease,
}

/// Leadership of a group, under the rule of [`rules::Lease`](crate::transport::rules::Lease).
pub(super) struct Lease {
    /// Counter of the newest epoch.
    counter: u64,
    /// Holder id of the current epoch. `None` once it was released.
    holder: Option<u64>,
    consumer: String,
    /// Microseconds since 1970.
    end: i64,
    /// Microseconds.
    length: i64,
}

impl Lease {
    /// Reads the columns of [`LEASE`] from an index on.
    pub(super) fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            counter: row.get::<_, i64>(from)?.cast_unsigned(),
            holder: row.get::<_, Option<i64>>(from + 1)?.map(i64::cast_unsigned),
            consumer: row.get(from + 2)?,
            end: row.get(from + 3)?,
            length: row.get(from + 4)?,
        })
    }

    /// Returns `true` if an epoch is the current one, also after the end of its lease.
    fn is_current(&self, epoch: Epoch) -> bool {
        self.counter == epoch.counter() && self.holder == Some(epoch.holder())
    }

    /// Returns the consumer that holds a lease. A lease that ends further from now than it is long is void: the clock was set
    /// back since.
    pub(super) fn leader(&self, now: i64) -> Option<&str> {
        let left = self.end.saturating_sub(now);
        let is_held = self.holder.is_some() && left > 0 && left <= self.length;
        is_held.then_some(&*self.consumer)
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(super) const fn queue_number(queue: Queue) -> i64 {
    match queue {
        Queue::Redelivery => 0,
        Queue::Topic => 1,
    }
}

/// Returns the id of an entry in a queue.
pub(super) fn id_in(queue: i64, number: i64) -> EntryId {
    let id = super::publish::entry_id(number);
    if queue == queue_number(Queue::Redelivery) {
        id.in_redelivery()
    } else {
        id
    }
}

pub(super) fn find(connection: &Connection, topic: &str, group: &str) -> Attempt<Group> {
    look_up(connection, topic, group)?.ok_or_else(|| no_group(topic, group))
}

fn look_up(connection: &Connection, topic: &str, group: &str) -> Attempt<Option<Group>> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT groups.id, groups.topic, position, {LEASE} FROM groups
             JOIN topics ON topics.id = groups.topic WHERE topics.name = ? AND groups.name = ?"
        ))?
        .query_row([topic, group], |row| {
            Ok(Group {
                id: row.get(0)?,
                topic: row.get(1)?,
                position: row.get(2)?,
                lease: Lease::read(row, 3)?,
            })
        })
        .optional()?)
}

/// Returns the group of a member.
///
/// # Errors
/// Returns a fault if the member acts under an old epoch.
pub(super) fn admit(connection: &Connection, member: Member<'_>) -> Attempt<Group> {
    let group = find_of(connection, member)?;
    match member.epoch {
        Some(epoch) if !group.lease.is_current(epoch) => Err(Fault::LostLease(format!(
            "`{}` no longer leads group `{}` of topic `{}`: epoch {epoch} has ended",
            member.consumer, member.group, member.topic
        ))),
        _ => Ok(group),
    }
}

/// Returns the group of a member, whatever its epoch.
fn find_of(connection: &Connection, member: Member<'_>) -> Attempt<Group> {
    if member.partition != 0 {
        return Err(Fault::Refused(format!(
            "topic `{}` has no partition {}; use partition 0",
            member.topic, member.partition
        )));
    }
    find(connection, member.topic, member.group)
}

pub(super) fn join(connection: &Connection, topic: &str, group: &str, start: Start) -> Attempt<()> {
    let id = topic_id(connection, topic)?;
    let position = match start {
        Start::Beginning => 0,
        Start::Now => newest(connection, id)?,
    };
    connection
        .prepare_cached("INSERT OR IGNORE INTO groups (topic, name, position) VALUES (?, ?, ?)")?
        .execute(params![id, group, position])?;
    Ok(())
}

pub(super) fn lead(
    connection: &Connection,
    member: Member<'_>,
    lease: Duration,
) -> Attempt<Leadership> {
    let group = find_of(connection, member)?;
    let now = Timestamp::now().as_micros();
    let leader = group.lease.leader(now);
    if leader.is_some_and(|leader| leader != member.consumer) {
        return Ok(Leadership::Standby);
    }
    let epoch = Epoch::after(group.lease.counter);
    let lease = micros(lease);
    connection
        .prepare_cached(
            "UPDATE groups SET epoch = ?, holder = ?, consumer = ?, lease_end = ?, lease = ? WHERE id = ?",
        )?
        .execute(params![
            epoch.counter().cast_signed(),
            epoch.holder().cast_signed(),
            member.consumer,
            now.saturating_add(lease),
            lease,
            group.id
        ])?;
    Ok(Leadership::Leader(epoch))
}

/// Extends the lease of an epoch. Without one, touches the entries that the consumer holds.
pub(super) fn renew(
    connection: &Connection,
    member: Member<'_>,
    lease: Duration,
    entries: &[EntryId],
) -> Attempt<()> {
    let group = admit(connection, member)?;
    let now = Timestamp::now().as_micros();
    if member.epoch.is_some() {
        let lease = micros(lease);
        connection
            .prepare_cached("UPDATE groups SET lease_end = ?, lease = ? WHERE id = ?")?
            .execute([now.saturating_add(lease), lease, group.id])?;
        return Ok(());
    }
    for table in ["pending", "retries"] {
        let mut update = connection.prepare_cached(&format!(
            "UPDATE {table} SET touched = ? WHERE grp = ? AND queue = ? AND entry = ? AND consumer = ?"
        ))?;
        for id in entries {
            update.execute(params![
                now,
                group.id,
                queue_number(id.queue()),
                row_number(*id),
                member.consumer
            ])?;
        }
    }
    Ok(())
}

/// Ends the epoch of a member and frees what its consumer holds. An old epoch changes nothing.
pub(super) fn release(connection: &Connection, member: Member<'_>) -> Attempt<()> {
    let group = find_of(connection, member)?;
    if let Some(epoch) = member.epoch {
        if !group.lease.is_current(epoch) {
            return Ok(());
        }
        connection
            .prepare_cached("UPDATE groups SET holder = NULL WHERE id = ?")?
            .execute([group.id])?;
    }
    for table in ["pending", "retries"] {
        connection
            .prepare_cached(&format!(
                "UPDATE {table} SET consumer = '', deliveries = max(deliveries - 1, 0), trials = max(trials - 1, 0)
                 WHERE grp = ? AND consumer = ? AND consumer <> ''"
            ))?
            .execute(params![group.id, member.consumer])?;
    }
    Ok(())
}

/// Deletes a group and everything it has. Returns `true` if it existed.
pub(super) fn delete(connection: &Connection, topic: &str, group: &str) -> Attempt<bool> {
    let Some(group) = look_up(connection, topic, group)? else {
        return Ok(false);
    };
    // The rows of `handled` go with their buckets: there may be millions, and no other group gets the same number.
    for query in [
        "DELETE FROM pending WHERE grp = ?",
        "DELETE FROM requeued WHERE grp = ?",
        "DELETE FROM retries WHERE grp = ?",
        "DELETE FROM groups WHERE id = ?",
    ] {
        connection.prepare_cached(query)?.execute([group.id])?;
    }
    Ok(true)
}
