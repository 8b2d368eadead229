//! What became of entries, and dead letters.

use std::time::Duration;

use events_core::Timestamp;
use rusqlite::{Transaction, params};

use super::error::{Attempt, Fault};
use super::groups::{self, micros, queue_number};
use super::publish::{find_topic, row_number};
use super::rows::{self, Senders};
use crate::record::Record;
use crate::transport::{DeadLetter, EntryId, Malformed, Member, Queue, Settlement};

/// Into so many buckets the duplicate window is cut. The oldest go as a whole; an event is looked for in each, and in the one before
/// them.
const BUCKETS: i64 = 1;

/// The buckets that the duplicate window reaches over: from the oldest to that of now. `None` where nothing is remembered.
pub(super) fn buckets(now: Timestamp, window: Duration) -> Option<(i64, i64)> {
    if window.is_zero() {
        return None;
    }
    let width = (micros(window) / BUCKETS).max(1);
    let last = now.as_micros().div_euclid(width);
    Some((last - BUCKETS, last))
}

pub(super) fn settle(
    transaction: &Transaction<'_>,
    senders: &mut Senders,
    member: Member<'_>,
    settlements: &[Settlement],
    leading: bool,
    duplicate_window: Duration,
) -> Attempt<()> {
    let group = groups::find(transaction, member.topic, member.group)?;
    let now = Timestamp::now();
    if leading && !group.is_led_by(member.consumer, now.as_micros()) {
        return Err(Fault::LostLease(format!(
            "`{}` no longer leads group `{}` of topic `{}`",
            member.consumer, member.group, member.topic
        )));
    }
    let bucket = buckets(now, duplicate_window).map(|(_, last)| last);
    for settlement in settlements {
        let id = settlement.entry;
        let (queue, number) = (queue_number(id.queue()), row_number(id));
        let was_pending = if settlement.finished {
            groups::unpend(transaction, group.id, queue, number)?
        } else {
            let progress = rows::write_progress(&settlement.handled_by, &settlement.progress);
            let changed = transaction
                .prepare_cached(
                    "UPDATE pending SET progress = ? WHERE grp = ? AND queue = ? AND entry = ?",
                )?
                .execute(params![progress, group.id, queue, number])?;
            changed > 0
        };
        if !was_pending {
            // Settled before, or no longer ours.
            continue;
        }
        for letter in &settlement.dead {
            bury(transaction, senders, group.topic, letter)?;
        }
        if !settlement.finished {
            continue;
        }
        if id.queue() == Queue::Redelivery {
            transaction
                .prepare_cached("DELETE FROM again WHERE id = ?")?
                .execute([number])?;
        }
        if let (Some(bucket), Some(event_id)) = (bucket, settlement.event_id)
            && !settlement.handled_by.is_empty()
        {
            let receivers = settlement.handled_by.join("\n");
            transaction
                .prepare_cached(
                    "INSERT INTO handled (bucket, grp, event_id, receivers) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET receivers = receivers || char(10) || ?4
                     WHERE instr(char(10) || receivers || char(10), char(10) || ?4 || char(10)) = 0",
                )?
                .execute(params![
                    bucket,
                    group.id,
                    &event_id.as_bytes()[..],
                    receivers
                ])?;
        }
    }
    Ok(())
}

/// Adds a dead letter.
fn bury(
    transaction: &Transaction<'_>,
    senders: &mut Senders,
    topic: i64,
    letter: &DeadLetter,
) -> Attempt<()> {
    // Of what is no record, a record without anything keeps the place.
    let nothing;
    let (record, malformed) = match &letter.record {
        Ok(record) => (record, None),
        Err(malformed) => {
            nothing = Record::new(events_core::EventMetadata::new(""), Vec::new());
            (&nothing, Some(write_malformed(malformed)))
        }
    };
    let sender = senders.id(transaction, &record.metadata)?;
    let columns = rows::COLUMNS;
    let mut insert = transaction.prepare_cached(&format!(
        "INSERT INTO dead (topic, grp, receiver, reason, error, attempts, queue, entry, entry_minor, given_up, malformed, {columns})
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))?;
    insert.raw_bind_parameter(1, topic)?;
    insert.raw_bind_parameter(2, &*letter.group)?;
    insert.raw_bind_parameter(3, letter.receiver.as_deref())?;
    insert.raw_bind_parameter(4, letter.reason.as_str())?;
    insert.raw_bind_parameter(5, &*letter.error)?;
    insert.raw_bind_parameter(6, letter.attempts)?;
    insert.raw_bind_parameter(7, queue_number(letter.entry.queue()))?;
    insert.raw_bind_parameter(8, i64::try_from(letter.entry.major()).unwrap_or(i64::MAX))?;
    insert.raw_bind_parameter(9, i64::try_from(letter.entry.minor()).unwrap_or(i64::MAX))?;
    insert.raw_bind_parameter(10, letter.at.as_micros())?;
    insert.raw_bind_parameter(11, malformed)?;
    rows::bind(&mut insert, 12, letter.at, record, sender)?;
    insert.raw_execute()?;
    Ok(())
}

/// Lengths and bytes: the reason, the event type, then the fields.
fn write_malformed(malformed: &Malformed) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |bytes: Option<&[u8]>| {
        let length = bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(bytes.unwrap_or_default());
    };
    put(Some(malformed.reason.as_bytes()));
    put(malformed.event_type.as_deref().map(str::as_bytes));
    for (name, value) in &malformed.fields {
        put(Some(name));
        put(Some(value));
    }
    out
}

pub(super) fn read_malformed(bytes: &[u8]) -> Option<Malformed> {
    let mut rest = bytes;
    let mut take = || -> Option<Option<&[u8]>> {
        let (length, behind) = rest.split_first_chunk::<8>()?;
        rest = behind;
        let length = i64::from_le_bytes(*length);
        if length < 0 {
            return Some(None);
        }
        let (taken, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        rest = behind;
        Some(Some(taken))
    };
    let reason = std::str::from_utf8(take()??).ok()?;
    let event_type = match take()? {
        Some(event_type) => Some(std::str::from_utf8(event_type).ok()?),
        None => None,
    };
    let mut fields = Vec::new();
    while let Some(name) = take() {
        fields.push((Box::from(name?), Box::from(take()??)));
    }
    Some(Malformed::new(reason, event_type, fields))
}

pub(super) fn drop_dead_letters(
    transaction: &Transaction<'_>,
    topic: &str,
    ids: &[EntryId],
) -> Attempt<u64> {
    let Some(topic) = find_topic(transaction, topic)? else {
        return Ok(0);
    };
    let mut delete = transaction.prepare_cached("DELETE FROM dead WHERE topic = ? AND id = ?")?;
    let mut gone = 0;
    for id in ids.iter().filter(|id| id.queue() == Queue::Topic) {
        gone += delete.execute([topic, row_number(*id)])? as u64;
    }
    Ok(gone)
}
