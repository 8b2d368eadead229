//! Trimming.

use super::commands::{Lua, next};
use super::connection::Conn;
use super::failure::Failure;
use super::handled::Window;
use super::{answer, keys};
use crate::transport::{Retention, Trimmed};

/// So many entries are looked at in one step: about a millisecond, for which the server does nothing else.
const STEP: u64 = 500;

/// So many steps are one call. The next one goes on.
const STEPS: usize = 1000;

/// Removes what may go, and where so much is asked for, what may not.
pub(super) fn trim(
    conn: &mut Conn,
    script: &Lua,
    window: &Window,
    topic: &str,
    retention: Retention,
) -> Result<Trimmed, Failure> {
    let now = window.now(conn)?;
    let age = u64::try_from(retention.age.as_millis()).unwrap_or(u64::MAX);
    // What is exactly so old is not younger.
    let old = now.saturating_add(1).saturating_sub(age);
    let mut trimmed = Trimmed::default();
    for _ in 0..STEPS {
        let mut call = script.call(1);
        call.arg(topic)
            .arg(retention.entries.min(MOST))
            .arg(format!("{old}-0"));
        match retention.lose_unread_beyond {
            Some(most) => call.arg(most.min(MOST)),
            None => call.arg(""),
        };
        call.arg(STEP).arg(keys::progress(topic, ""));
        let mut answers = answer::list(script.run(conn, &call)?)?.into_iter();
        let entries = answer::number(next(&mut answers)?)?;
        let unread = answer::number(next(&mut answers)?)?;
        trimmed.entries = trimmed.entries.saturating_add(entries);
        trimmed.unread = trimmed.unread.saturating_add(unread);
        if answer::number(next(&mut answers)?)? == 0 || entries == 0 {
            break;
        }
    }
    Ok(trimmed)
}

/// More entries than any stream has, and a number that Lua has no trouble with.
const MOST: u64 = 1 << 50;
