//! Trimming.

use std::time::{Duration, Instant};

use redis::cmd;

use super::commands::{Commands, Lua, id_text, next};
use super::connection::Conn;
use super::failure::Failure;
use super::handled::Window;
use super::{answer, keys, status};
use crate::transport::{DeadLetterLimits, EntryId, Retention, Trimmed};

/// Number of entries that one step looks at: about a millisecond, during which the server does nothing else.
const STEP: u64 = 500;

/// Maximum time of one call.
const TIME: Duration = Duration::from_millis(200);

/// A number that exceeds the entries of any stream and that Lua handles exactly.
const MOST: u64 = 1 << 50;

/// The script that trims.
pub(super) struct Trims(Lua);

impl Trims {
    pub(super) fn new() -> Self {
        Self(Lua::new(include_str!("scripts/trim.lua")))
    }

    /// Removes a part of what may go.
    pub(super) fn trim(
        &self,
        conn: &mut Conn,
        window: &Window,
        topic: &str,
        retention: Retention,
    ) -> Result<Trimmed, Failure> {
        let begun = Instant::now();
        let now = window.now(conn)?;
        // An entry of exactly this age is not younger.
        let old = EntryId::new(
            now.saturating_add(1).saturating_sub(millis(retention.age)),
            0,
        );
        let stays = retention.before.map_or_else(String::new, id_text);
        let old = retention.before.map_or(old, |before| before.min(old));
        // Trial marks of entries that go unfinished go with them.
        let groups = match retention.lose_unread_beyond {
            Some(_) => status::group_names(conn, topic)?,
            None => Vec::new(),
        };
        let mut trimmed = Trimmed::default();
        loop {
            let mut call = self.0.call(1 + groups.len());
            call.arg(topic);
            for group in &groups {
                call.arg(keys::trials(topic, group));
            }
            call.arg(retention.entries.min(MOST)).arg(id_text(old));
            match retention.lose_unread_beyond {
                Some(most) => call.arg(most.min(MOST)),
                None => call.arg(""),
            };
            call.arg(&*stays).arg(STEP).arg(&groups);
            let mut answers = answer::list(self.0.run(conn, &call)?)?.into_iter();
            let entries = answer::number(next(&mut answers)?)?;
            let unread = answer::number(next(&mut answers)?)?;
            trimmed.entries = trimmed.entries.saturating_add(entries);
            trimmed.unread = trimmed.unread.saturating_add(unread);
            trimmed.more = answer::number(next(&mut answers)?)? == 1 && entries > 0;
            if !trimmed.more || begun.elapsed() > TIME {
                return Ok(trimmed);
            }
        }
    }
}

/// Removes the oldest dead letters beyond the limits. Returns how many were removed.
pub(super) fn dead_letters(
    conn: &mut Conn,
    window: &Window,
    topic: &str,
    limits: DeadLetterLimits,
) -> Result<u64, Failure> {
    let stream = keys::dead(topic);
    let mut commands = Commands::new(0);
    if let Some(entries) = limits.entries {
        let most = entries.min(i64::MAX.unsigned_abs());
        commands.add(cmd("XTRIM").arg(&*stream).arg("MAXLEN").arg(most));
    }
    if let Some(age) = limits.age {
        let oldest = window.now(conn)?.saturating_sub(millis(age));
        let oldest = id_text(EntryId::new(oldest, 0));
        commands.add(cmd("XTRIM").arg(&*stream).arg("MINID").arg(oldest));
    }
    let mut removed = 0;
    for answer in commands.ask(conn)? {
        removed += answer::number(answer)?;
    }
    Ok(removed)
}

fn millis(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}
