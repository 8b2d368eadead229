//! Claiming pending entries.

use events_core::Timestamp;
use rusqlite::{Connection, params};

use super::error::Attempt;
use super::groups::{self, Group, id_in, micros, queue_number};
use super::handled::Window;
use super::publish::row_number;
use super::receive::Used;
use super::rows::{self, RowReader};
use crate::transport::{Claim, Claimed, Entry, EntryId, Member, Queue, rules};

/// Number of candidates that are looked at together.
const PAGE: usize = 256;

/// A pending entry that the member may claim.
struct Candidate {
    queue: i64,
    number: i64,
    deliveries: u64,
    trials: u32,
}

impl Candidate {
    fn id(&self) -> EntryId {
        id_in(self.queue, self.number)
    }
}

pub(super) fn claim(
    connection: &Connection,
    member: Member<'_>,
    claim: Claim,
    window: Window,
) -> Attempt<Claimed> {
    let group = groups::admit(connection, member)?;
    let now = Timestamp::now().as_micros();
    let mut claimed = Claimed::default();
    let mut used = Used::default();
    let mut after = claim
        .after
        .map_or((-1, -1), |id| (queue_number(id.queue()), place(id)));
    loop {
        let page = candidates(connection, &group, member, claim, after, now)?;
        let Some(last) = page.last() else {
            return Ok(claimed);
        };
        after = (last.queue, last.number);
        for candidate in page {
            if used.is_full(claim.limit) {
                return Ok(claimed);
            }
            let Some(entry) = read(connection, &group, &candidate)? else {
                // Somebody deleted its row: nothing is left to hand out.
                unpend(connection, group.id, candidate.id())?;
                continue;
            };
            let is_suspect =
                rules::is_suspect(candidate.deliveries, candidate.trials, claim.max_deliveries);
            if is_suspect && !(claim.trial && claimed.entries.is_empty()) {
                claimed.suspect = Some(entry.id);
                return Ok(claimed);
            }
            if !used.take(entry.size(), claim.limit) {
                return Ok(claimed);
            }
            let deliveries = candidate.deliveries.saturating_add(1);
            let trials = candidate.trials.saturating_add(u32::from(is_suspect));
            take(
                connection,
                &group,
                member,
                &candidate,
                (deliveries, trials, now),
            )?;
            let mut entry = entry.delivered(deliveries).tried(trials);
            window.look_up(connection, group.id, &mut entry)?;
            claimed.entries.push(entry);
            if is_suspect {
                return Ok(claimed);
            }
        }
    }
}

/// Returns the row number of an entry, or of the one before it if the id is between two rows.
fn place(id: EntryId) -> i64 {
    i64::try_from(id.major()).unwrap_or(i64::MAX)
}

/// Returns the next pending entries that a member may claim, in order.
fn candidates(
    connection: &Connection,
    group: &Group,
    member: Member<'_>,
    claim: Claim,
    after: (i64, i64),
    now: i64,
) -> Attempt<Vec<Candidate>> {
    // An entry that was touched in the future was touched before the clock was set back.
    let found = connection
        .prepare_cached(
            "SELECT queue, entry, deliveries, trials FROM pending
             WHERE grp = ?1 AND (queue, entry) > (?2, ?3)
               AND (consumer = '' OR (consumer = ?4 AND ?5) OR (consumer <> ?4 AND (touched <= ?6 OR touched > ?7)))
             ORDER BY queue, entry LIMIT ?8",
        )?
        .query_map(
            params![
                group.id,
                after.0,
                after.1,
                member.consumer,
                claim.own,
                now.saturating_sub(micros(claim.idle)),
                now,
                super::receive::as_limit(claim.limit.entries.min(PAGE).saturating_add(1))
            ],
            |row| {
                Ok(Candidate {
                    queue: row.get(0)?,
                    number: row.get(1)?,
                    deliveries: row.get::<_, i64>(2)?.cast_unsigned(),
                    trials: row.get(3)?,
                })
            },
        )?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

fn read(connection: &Connection, group: &Group, candidate: &Candidate) -> Attempt<Option<Entry>> {
    let id = candidate.id();
    let columns = rows::COLUMNS;
    let table = match id.queue() {
        Queue::Redelivery => "requeued".to_owned(),
        Queue::Topic => format!("entries_{}", group.topic),
    };
    let mut select =
        connection.prepare_cached(&format!("SELECT {columns} FROM {table} WHERE id = ?"))?;
    let mut rows = select.query([candidate.number])?;
    match rows.next()? {
        Some(row) => RowReader::new(connection).entry(id, row, 0).map(Some),
        None => Ok(None),
    }
}

/// Stores that a member holds an entry.
fn take(
    connection: &Connection,
    group: &Group,
    member: Member<'_>,
    candidate: &Candidate,
    (deliveries, trials, now): (u64, u32, i64),
) -> Attempt<()> {
    connection
        .prepare_cached(
            "UPDATE pending SET consumer = ?, touched = ?, deliveries = ?, trials = ? WHERE grp = ? AND queue = ? AND entry = ?",
        )?
        .execute(params![
            member.consumer,
            now,
            deliveries.cast_signed(),
            trials,
            group.id,
            candidate.queue,
            candidate.number
        ])?;
    Ok(())
}

/// Removes an entry from the pending ones. Returns `false` if it was none.
pub(super) fn unpend(connection: &Connection, group: i64, entry: EntryId) -> Attempt<bool> {
    let gone = connection
        .prepare_cached("DELETE FROM pending WHERE grp = ? AND queue = ? AND entry = ?")?
        .execute([group, queue_number(entry.queue()), row_number(entry)])?;
    Ok(gone > 0)
}
