//! Removing entries that nobody needs any more, in steps that hold the write lock for a few milliseconds.

use std::time::{Duration, Instant};

use events_core::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::error::Attempt;
use super::groups::micros;
use super::handled::Window;
use super::publish::find_topic;
use crate::transport::{EntryId, Retention, Trimmed};

/// Time for which an outbox that publishes no more is remembered.
const OUTBOX: Duration = Duration::from_hours(24 * 30);
/// Time after which a call stops removing entries.
const ENTRIES: Duration = Duration::from_millis(5);
/// Time after which a call stops removing old rows of the duplicate window.
const HANDLED: Duration = Duration::from_millis(3);
/// Time that one statement should take at most. Rows differ in size by a factor of a million, so it is measured.
const STATEMENT: Duration = Duration::from_millis(1);

/// Number of rows that a statement removes, so that it takes about [`STATEMENT`].
struct Pace {
    until: Instant,
    rows: i64,
}

impl Pace {
    fn new(time: Duration) -> Self {
        Self {
            until: Instant::now() + time,
            rows: 16,
        }
    }

    /// Runs a statement on a number of rows. Returns `None` once the time is over.
    fn run<T>(&mut self, statement: impl FnOnce(i64) -> Attempt<T>) -> Option<Attempt<T>> {
        let begun = Instant::now();
        if begun >= self.until {
            return None;
        }
        let result = statement(self.rows);
        if begun.elapsed() < STATEMENT / 2 {
            self.rows = self.rows.saturating_mul(2);
        } else if begun.elapsed() > STATEMENT {
            self.rows = (self.rows / 2).max(1);
        }
        Some(result)
    }
}

/// The entries of a topic that a retention lets go, by number.
#[derive(Debug, Clone, Copy)]
struct Removable {
    oldest: i64,
    /// The first that a group has not finished.
    unfinished: i64,
    /// The first that is removed only if it is old enough. Those before it go because there are too many.
    forced: i64,
    /// The first that stays.
    end: i64,
}

pub(super) fn trim(
    connection: &Connection,
    topic: &str,
    retention: Retention,
    window: Window,
) -> Attempt<Trimmed> {
    let Some(topic) = find_topic(connection, topic)? else {
        return Ok(Trimmed::default());
    };
    let now = Timestamp::now().as_micros();
    connection
        .prepare_cached("DELETE FROM outboxes WHERE at < ?")?
        .execute([now.saturating_sub(micros(OUTBOX))])?;
    let has_more_handled = forget_handled(connection, window)?;
    let mut trimmed = match removable(connection, topic, retention)? {
        Some(removable) => {
            let young = now.saturating_sub(micros(retention.age));
            remove(connection, topic, removable, young)?
        }
        None => Trimmed::default(),
    };
    trimmed.more |= has_more_handled;
    Ok(trimmed)
}

/// Returns `true` if there is more to forget.
fn forget_handled(connection: &Connection, window: Window) -> Attempt<bool> {
    let mut pace = Pace::new(HANDLED);
    while let Some(gone) = pace.run(|rows| window.forget(connection, rows)) {
        if gone? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn removable(
    connection: &Connection,
    topic: i64,
    retention: Retention,
) -> Attempt<Option<Removable>> {
    let (oldest, newest): (Option<i64>, Option<i64>) = connection
        .prepare_cached(&format!(
            "SELECT min(id), (SELECT max(id) FROM entries_{topic}) FROM entries_{topic}"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(oldest), Some(newest)) = (oldest, newest) else {
        return Ok(None);
    };
    let first_of_newest = |count: u64| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        newest.saturating_sub(count).saturating_add(1)
    };
    let unfinished = first_unfinished(connection, topic)?;
    // This one stays in any case.
    let stays = retention.before.map_or(i64::MAX, |id: EntryId| {
        i64::try_from(id.major())
            .unwrap_or(i64::MAX)
            .saturating_add(i64::from(id.minor() > 0))
    });
    let stays = stays.min(newest.saturating_add(1));
    let forced = retention
        .lose_unread_beyond
        .map_or(0, first_of_newest)
        .min(stays);
    let end = first_of_newest(retention.entries)
        .min(unfinished)
        .min(stays)
        .max(forced);
    Ok((end > oldest).then_some(Removable {
        oldest,
        unfinished,
        forced,
        end,
    }))
}

/// Returns the number of the first entry that a group has not finished.
fn first_unfinished(connection: &Connection, topic: i64) -> Attempt<i64> {
    let first: Option<i64> = connection
        .prepare_cached(
            "SELECT min(min(position + 1, ifnull(
                 (SELECT min(entry) FROM pending WHERE grp = groups.id AND queue = 1), position + 1)))
             FROM groups WHERE topic = ?",
        )?
        .query_row([topic], |row| row.get(0))?;
    Ok(first.unwrap_or(i64::MAX))
}

/// Removes entries from the oldest on, up to the first that is young, for a few milliseconds.
fn remove(
    connection: &Connection,
    topic: i64,
    removable: Removable,
    young: i64,
) -> Attempt<Trimmed> {
    let Removable { oldest, end, .. } = removable;
    let mut select = connection.prepare_cached(&format!(
        "SELECT id FROM entries_{topic} WHERE id >= ? AND id < ? AND at >= ? ORDER BY id LIMIT 1"
    ))?;
    let mut delete = connection.prepare_cached(&format!(
        "DELETE FROM entries_{topic} WHERE id >= ? AND id < ?"
    ))?;
    let mut pace = Pace::new(ENTRIES);
    let mut first = oldest;
    let mut is_done = false;
    while !is_done {
        let step = pace.run(|rows| {
            let to = first.saturating_add(rows).min(end);
            let young: Option<i64> = select
                .query_row([first.max(removable.forced), to, young], |row| row.get(0))
                .optional()?;
            let to = young.unwrap_or(to);
            delete.execute([first, to])?;
            Ok((to, young.is_some() || to == end))
        });
        let Some(step) = step else { break };
        (first, is_done) = step?;
    }
    if first > oldest {
        // A number is not given a second time, also if nothing is left to count on from.
        connection
            .prepare_cached("UPDATE topics SET trimmed = ? WHERE id = ?")?
            .execute([first - 1, topic])?;
    }
    if first > removable.unfinished {
        pass_over(connection, topic, first)?;
    }
    let count = |from: i64| u64::try_from(first - from).unwrap_or_default();
    Ok(Trimmed {
        entries: count(oldest),
        unread: count(removable.unfinished.clamp(oldest, first)),
        more: !is_done,
    })
}

/// Moves the groups of a topic on to its first entry.
fn pass_over(connection: &Connection, topic: i64, first: i64) -> Attempt<()> {
    connection
        .prepare_cached(
            "DELETE FROM pending WHERE queue = 1 AND entry < ? AND grp IN (SELECT id FROM groups WHERE topic = ?)",
        )?
        .execute([first, topic])?;
    connection
        .prepare_cached("UPDATE groups SET position = max(position, ? - 1) WHERE topic = ?")?
        .execute([first, topic])?;
    Ok(())
}
