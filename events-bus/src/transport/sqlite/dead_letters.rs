//! Dead letters.

use events_core::Timestamp;
use rusqlite::{Connection, params};

use super::error::{Attempt, Fault};
use super::groups::{micros, queue_number};
use super::publish::{entry_id, find_topic, row_number};
use super::receive::as_limit;
use super::rows::{self, Interned, RowReader};
use crate::record::Record;
use crate::transport::{DeadLetter, DeadLetterLimits, DeadReason, EntryId, Malformed, Queue};

/// Number of dead letters that one step of trimming removes.
const STEP: usize = 200;

/// Adds a dead letter.
pub(super) fn bury(
    connection: &Connection,
    interned: &mut Interned,
    topic: i64,
    letter: &DeadLetter,
) -> Attempt<()> {
    // A malformed entry has no record, so an empty one fills the columns.
    let nothing;
    let (record, malformed) = match &letter.record {
        Ok(record) => (record, None),
        Err(malformed) => {
            nothing = Record::new(events_core::EventMetadata::new(""), Vec::new());
            (&nothing, Some(write_malformed(malformed)))
        }
    };
    let sender = interned.sender(connection, &record.metadata)?;
    let columns = rows::COLUMNS;
    let mut insert = connection.prepare_cached(&format!(
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

/// Writes a malformed entry as lengths and bytes: the reason, the event type, then the fields.
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

fn read_malformed(bytes: &[u8]) -> Option<Malformed> {
    let mut rest = bytes;
    let mut take = || -> Option<Option<&[u8]>> {
        let (length, tail) = rest.split_first_chunk::<8>()?;
        rest = tail;
        let length = i64::from_le_bytes(*length);
        if length < 0 {
            return Some(None);
        }
        let (taken, tail) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        rest = tail;
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

/// Lists dead letters, the oldest first.
pub(super) fn list(
    connection: &Connection,
    topic: &str,
    after: Option<EntryId>,
    limit: usize,
) -> Attempt<Vec<(EntryId, DeadLetter)>> {
    let Some(topic) = find_topic(connection, topic)? else {
        return Ok(Vec::new());
    };
    let after = after.map_or(0, |id| i64::try_from(id.major()).unwrap_or(i64::MAX));
    let columns = rows::COLUMNS;
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, grp, receiver, reason, error, attempts, queue, entry, entry_minor, given_up, malformed, {columns} FROM dead
         WHERE topic = ? AND id > ? ORDER BY id LIMIT ?"
    ))?;
    let mut reader = RowReader::new(connection);
    let mut found = select.query(params![topic, after, as_limit(limit)])?;
    let mut letters = Vec::new();
    while let Some(row) = found.next()? {
        let number = |index: usize| -> Attempt<u64> {
            Ok(u64::try_from(row.get::<_, i64>(index)?).unwrap_or_default())
        };
        let reason: String = row.get(3)?;
        let reason = DeadReason::from_word(&reason)
            .ok_or(Fault::Damaged("the reason of a dead letter is unknown"))?;
        let mut entry = EntryId::new(number(7)?, number(8)?);
        if row.get::<_, i64>(6)? == 0 {
            entry = entry.in_redelivery();
        }
        let at = Timestamp::from_micros(row.get(9)?)
            .ok_or(Fault::Damaged("the time of a dead letter is out of range"))?;
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

/// Removes dead letters and returns how many existed.
pub(super) fn remove(connection: &Connection, topic: &str, ids: &[EntryId]) -> Attempt<u64> {
    let Some(topic) = find_topic(connection, topic)? else {
        return Ok(0);
    };
    let mut delete = connection.prepare_cached("DELETE FROM dead WHERE topic = ? AND id = ?")?;
    let mut gone = 0;
    for id in ids.iter().filter(|id| id.queue() == Queue::Topic) {
        gone += delete.execute([topic, row_number(*id)])? as u64;
    }
    Ok(gone)
}

/// Removes a few of the oldest dead letters beyond the limits and returns how many.
pub(super) fn trim_step(
    connection: &Connection,
    topic: &str,
    limits: DeadLetterLimits,
) -> Attempt<u64> {
    let Some(topic) = find_topic(connection, topic)? else {
        return Ok(0);
    };
    let beyond = match limits.entries {
        Some(entries) => {
            let count: i64 = connection
                .prepare_cached("SELECT count(*) FROM dead WHERE topic = ?")?
                .query_row([topic], |row| row.get(0))?;
            u64::try_from(count)
                .unwrap_or_default()
                .saturating_sub(entries)
        }
        None => 0,
    };
    let now = Timestamp::now().as_micros();
    let oldest_kept = limits.age.map(|age| now.saturating_sub(micros(age)));
    let oldest: Vec<(i64, i64)> = connection
        .prepare_cached("SELECT id, given_up FROM dead WHERE topic = ? ORDER BY id LIMIT ?")?
        .query_map([topic, as_limit(STEP)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    let gone = (0_u64..)
        .zip(&oldest)
        .take_while(|(index, (_, given_up))| {
            *index < beyond || oldest_kept.is_some_and(|oldest| *given_up < oldest)
        })
        .last();
    let Some((_, (last, _))) = gone else {
        return Ok(0);
    };
    let gone = connection
        .prepare_cached("DELETE FROM dead WHERE topic = ? AND id <= ?")?
        .execute([topic, *last])?;
    Ok(gone as u64)
}
