//! The duplicate window: which receivers handled an event.

use std::sync::Arc;
use std::time::Duration;

use events_core::{Timestamp, Uuid};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Attempt;
use super::groups::micros;
use crate::transport::Entry;

/// Time beyond the longest use of a bucket after which it must be of a clock that was ahead.
const AHEAD: Duration = Duration::from_hours(24 * 7);

/// Buckets of the duplicate window at one moment.
///
/// Time is cut into buckets as long as the window. An event is looked up in the present bucket and in the one before. A bucket is
/// named by the time at which nobody looks into it any more, so that processes with windows of different lengths may share a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Microseconds since 1970.
    now: i64,
    /// Length in microseconds. `None` if nothing is remembered.
    length: Option<i64>,
}

impl Window {
    pub(super) fn at(now: Timestamp, length: Duration) -> Self {
        Self {
            now: now.as_micros(),
            length: (!length.is_zero()).then(|| micros(length).max(1)),
        }
    }

    /// Returns the name of the present bucket.
    fn bucket(self) -> Option<i64> {
        let length = self.length?;
        let number = self.now.div_euclid(length);
        Some(number.saturating_add(2).saturating_mul(length))
    }

    /// Writes into an entry which receivers handled its event. A requeued record is not a duplicate.
    pub(super) fn look_up(
        self,
        connection: &Connection,
        group: i64,
        entry: &mut Entry,
    ) -> Attempt<()> {
        let (Some(bucket), Some(length), Ok(record)) = (self.bucket(), self.length, &entry.record)
        else {
            return Ok(());
        };
        if record.requeued.is_some() {
            return Ok(());
        }
        let id = record.metadata.id();
        let mut select = connection.prepare_cached(
            "SELECT receivers FROM handled WHERE bucket = ? AND grp = ? AND event_id = ?",
        )?;
        for bucket in [bucket.saturating_sub(length), bucket] {
            let receivers: Option<String> = select
                .query_row(params![bucket, group, &id.as_bytes()[..]], |row| row.get(0))
                .optional()?;
            for receiver in receivers.iter().flat_map(|all| all.split('\n')) {
                let is_known = entry.handled_by.iter().any(|known| **known == *receiver);
                if !receiver.is_empty() && !is_known {
                    entry.handled_by.push(Arc::from(receiver));
                }
            }
        }
        Ok(())
    }

    /// Remembers which receivers handled an event.
    pub(super) fn note(
        self,
        connection: &Connection,
        group: i64,
        event_id: Uuid,
        receivers: &[Arc<str>],
    ) -> Attempt<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        if receivers.is_empty() {
            return Ok(());
        }
        connection
            .prepare_cached(
                "INSERT INTO handled (bucket, grp, event_id, receivers) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET receivers = receivers || char(10) || ?4
                 WHERE instr(char(10) || receivers || char(10), char(10) || ?4 || char(10)) = 0",
            )?
            .execute(params![
                bucket,
                group,
                &event_id.as_bytes()[..],
                receivers.join("\n")
            ])?;
        Ok(())
    }

    /// Deletes up to `limit` rows of old buckets, and of those that a clock wrote which was ahead. Returns how many it deleted.
    pub(super) fn forget(self, connection: &Connection, limit: i64) -> Attempt<i64> {
        let ahead = self
            .now
            .saturating_add(self.length.unwrap_or(0).saturating_mul(2))
            .saturating_add(micros(AHEAD));
        for (side, border) in [("<", self.now), (">", ahead)] {
            let gone = connection
                .prepare_cached(&format!(
                    "DELETE FROM handled WHERE (bucket, grp, event_id) IN
                         (SELECT bucket, grp, event_id FROM handled WHERE bucket {side} ? LIMIT ?)"
                ))?
                .execute([border, limit])?;
            if gone > 0 {
                return Ok(i64::try_from(gone).unwrap_or(limit));
            }
        }
        Ok(0)
    }
}
