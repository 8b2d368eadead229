//! Removing what nobody needs any more.

use std::time::Duration;

use events_core::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::error::Attempt;
use super::groups::micros;
use super::publish::find_topic;
use super::settle::buckets;
use crate::transport::{Retention, Trimmed};

/// How long the numbers of an outbox are remembered that publishes no more.
const OUTBOX: Duration = Duration::from_hours(24 * 30);
/// How many entries go in one transaction, so that others get their turn.
const MOST: i64 = 10_000;

pub(super) fn trim(
    transaction: &Transaction<'_>,
    topic: &str,
    retention: Retention,
    duplicate_window: Duration,
) -> Attempt<Trimmed> {
    let Some(topic) = find_topic(transaction, topic)? else {
        return Ok(Trimmed::default());
    };
    let now = Timestamp::now();
    forget_handled(transaction, now, duplicate_window)?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (oldest, newest): (Option<i64>, Option<i64>) = transaction
        .prepare_cached(&format!(
            "SELECT min(id), (SELECT max(id) FROM entries_{topic}) FROM entries_{topic}"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(oldest), Some(newest)) = (oldest, newest) else {
        return Ok(Trimmed::default());
    };
    // The first entry that is kept, by each rule.
    let by_count = newest
        .saturating_sub(number(retention.entries))
        .saturating_add(1);
    let young = now.as_micros().saturating_sub(micros(retention.age));
    let by_age: i64 = transaction
        .prepare_cached(&format!(
            "SELECT id FROM entries_{topic} WHERE at >= ? ORDER BY id LIMIT 1"
        ))?
        .query_row([young], |row| row.get(0))
        .optional()?
        .unwrap_or(i64::MAX);
    let unfinished = first_unfinished(transaction, topic)?;
    let handled = by_count.min(by_age).min(unfinished);
    let by_force = retention.lose_unread_beyond.map_or(0, |most| {
        newest.saturating_sub(number(most)).saturating_add(1)
    });
    let first = handled
        .max(by_force)
        .min(oldest.saturating_add(MOST))
        .min(newest.saturating_add(1));
    if first <= oldest {
        return Ok(Trimmed::default());
    }
    transaction
        .prepare_cached(&format!("DELETE FROM entries_{topic} WHERE id < ?"))?
        .execute([first])?;
    // Numbers are not given a second time, also when nothing is left to count on from.
    transaction
        .prepare_cached("UPDATE topics SET trimmed = ? WHERE id = ?")?
        .execute([first - 1, topic])?;
    if first > unfinished {
        transaction
            .prepare_cached(
                "DELETE FROM pending WHERE queue = 1 AND entry < ? AND grp IN (SELECT id FROM groups WHERE topic = ?)",
            )?
            .execute([first, topic])?;
        transaction
            .prepare_cached("UPDATE groups SET position = max(position, ? - 1) WHERE topic = ?")?
            .execute([first, topic])?;
    }
    let count = |from: i64| u64::try_from(first - from).unwrap_or_default();
    Ok(Trimmed {
        entries: count(oldest),
        unread: count(unfinished.clamp(oldest, first)),
    })
}

/// The first entry that a group has not finished.
fn first_unfinished(transaction: &Transaction<'_>, topic: i64) -> Attempt<i64> {
    let first: Option<i64> = transaction
        .prepare_cached(
            "SELECT min(min(position + 1, ifnull(
                 (SELECT min(entry) FROM pending WHERE grp = groups.id AND queue = 1), position + 1)))
             FROM groups WHERE topic = ?",
        )?
        .query_row([topic], |row| row.get(0))?;
    Ok(first.unwrap_or(i64::MAX))
}

fn forget_handled(
    transaction: &Transaction<'_>,
    now: Timestamp,
    duplicate_window: Duration,
) -> Attempt<()> {
    if let Some((oldest, newest)) = buckets(now, duplicate_window) {
        transaction
            .prepare_cached("DELETE FROM handled WHERE bucket < ? OR bucket > ?")?
            .execute([oldest, newest + 1])?;
    }
    transaction
        .prepare_cached("DELETE FROM outboxes WHERE at < ?")?
        .execute([now.as_micros().saturating_sub(micros(OUTBOX))])?;
    Ok(())
}

pub(super) fn forget(transaction: &Transaction<'_>, topic: &str, group: &str) -> Attempt<bool> {
    let id: Option<i64> = transaction
        .prepare_cached(
            "SELECT groups.id FROM groups JOIN topics ON topics.id = groups.topic WHERE topics.name = ? AND groups.name = ?",
        )?
        .query_row([topic, group], |row| row.get(0))
        .optional()?;
    let Some(id) = id else {
        return Ok(false);
    };
    for query in [
        "DELETE FROM pending WHERE grp = ?",
        "DELETE FROM again WHERE grp = ?",
        "DELETE FROM handled WHERE grp = ?",
        "DELETE FROM groups WHERE id = ?",
    ] {
        transaction.prepare_cached(query)?.execute(params![id])?;
    }
    Ok(true)
}
