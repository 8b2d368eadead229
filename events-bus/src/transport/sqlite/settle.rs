//! Settling entries.

use events_core::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::claim::unpend;
use super::dead_letters;
use super::error::Attempt;
use super::groups::{self, Group};
use super::handled::Window;
use super::publish::row_number;
use super::retries::{self, Place};
use super::rows::Interned;
use crate::transport::{EntryId, Member, Queue, Settlement};

pub(super) fn settle(
    connection: &Connection,
    interned: &mut Interned,
    member: Member<'_>,
    settlements: &[Settlement],
    window: Window,
) -> Attempt<()> {
    let group = groups::admit(connection, member)?;
    for settlement in settlements {
        if !settle_one(connection, interned, &group, settlement)? {
            // It was settled before, and so was everything that belongs to it.
            continue;
        }
        for letter in &settlement.dead {
            dead_letters::bury(connection, interned, group.topic, letter)?;
        }
        if let Some(event_id) = settlement.event_id {
            window.note(connection, group.id, event_id, &settlement.handled_by)?;
        }
    }
    Ok(())
}

/// Removes one delivery and parks its retries. Returns `false` if it is not pending any more.
fn settle_one(
    connection: &Connection,
    interned: &mut Interned,
    group: &Group,
    settlement: &Settlement,
) -> Attempt<bool> {
    let id = settlement.entry;
    let place = Place {
        group: group.id,
        entry: id,
    };
    let parked = settlement.parked.as_deref();
    if let Some(receiver) = &settlement.receiver {
        return retries::settle(connection, interned, place, receiver, parked);
    }
    if !unpend(connection, group.id, id)? {
        return Ok(false);
    }
    if let Some(parked) = parked {
        let at = published_at(connection, group, id)?.unwrap_or_else(Timestamp::now);
        retries::park(connection, interned, place, at, parked)?;
    }
    if id.queue() == Queue::Redelivery {
        connection
            .prepare_cached("DELETE FROM requeued WHERE id = ?")?
            .execute([row_number(id)])?;
    }
    Ok(true)
}

/// Returns the time of publication of an entry. `None` if its row is gone.
fn published_at(connection: &Connection, group: &Group, id: EntryId) -> Attempt<Option<Timestamp>> {
    let table = match id.queue() {
        Queue::Redelivery => "requeued".to_owned(),
        Queue::Topic => format!("entries_{}", group.topic),
    };
    let at: Option<i64> = connection
        .prepare_cached(&format!("SELECT at FROM {table} WHERE id = ?"))?
        .query_row([row_number(id)], |row| row.get(0))
        .optional()?;
    Ok(at.and_then(Timestamp::from_micros))
}
