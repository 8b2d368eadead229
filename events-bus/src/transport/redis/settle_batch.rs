//! Settling many entries of a topic whose receivers are all done: nearly all settlements.
//!
//! It does what the script does, without the script, which takes the server half as long again.

use redis::{Cmd, Value, cmd};

use super::commands::{Commands, executed, id_text};
use super::failure::Failure;
use super::fence::Fences;
use super::handled::{self, Window};
use super::pool::Pool;
use super::settle::{handled, is_same};
use super::{answer, keys};
use crate::transport::{Member, Settlement};

/// Outcome.
pub(super) enum Settled {
    /// All entries are settled.
    All,
    /// Nothing is settled, and the script may try.
    Nothing,
}

pub(super) fn settle(
    pool: &Pool,
    fences: &Fences,
    window: &Window,
    member: Member<'_>,
    settlements: &[Settlement],
) -> Result<Settled, Failure> {
    let commands = commands(window, member, settlements);
    let count = commands.len();
    let add = |to: &mut Commands| {
        for command in &commands {
            to.add(command);
        }
    };
    let room = settlements.len() * 72;
    let settle = |answers: Result<Vec<Value>, Failure>| match answers {
        Ok(answers) => check(answers).map(Some),
        // The server is out of memory, and the script does without.
        Err(failure) if failure.is_full() => Ok(None),
        Err(failure) => Err(failure),
    };
    let has_marks = match member.epoch {
        Some(epoch) => fences.with(pool, member, epoch, |fence| {
            settle(fence.transact(epoch, room, count, add))
        })?,
        None => pool.with(|conn| {
            let mut commands = Commands::with_room(room);
            commands.add(&cmd("MULTI"));
            add(&mut commands);
            commands.add(&cmd("EXEC"));
            let answers = executed(&mut commands.ask(conn)?, count);
            settle(answers.and_then(|answers| answers.ok_or(Failure::Answer("a list"))))
        })?,
    };
    match has_marks {
        None => return Ok(Settled::Nothing),
        Some(false) => {}
        Some(true) => {
            // Trial marks of settled entries mean nothing, but take room.
            let mut forget = cmd("HDEL");
            forget.arg(keys::trials(member.topic, member.group));
            for settlement in settlements {
                forget.arg(settlement.entry.to_string());
            }
            pool.with(|conn| conn.ask(&forget))?;
        }
    }
    Ok(Settled::All)
}

/// Returns the commands of the transaction.
fn commands(window: &Window, member: Member<'_>, settlements: &[Settlement]) -> Vec<Cmd> {
    let mut acknowledge = Cmd::with_capacity(settlements.len() + 3, settlements.len() * 20);
    acknowledge.arg("XACK").arg(member.topic).arg(member.group);
    for settlement in settlements {
        acknowledge.arg(id_text(settlement.entry));
    }
    let mut marks = cmd("EXISTS");
    marks.arg(keys::trials(member.topic, member.group));
    let mut commands = vec![acknowledge, marks];
    let handled = if window.is_zero() {
        Vec::new()
    } else {
        handled(settlements)
    };
    if !handled.is_empty() {
        let key = keys::handled(member.topic, member.group, window.bucket());
        let mut note = Cmd::with_capacity(handled.len() * 2 + 4, handled.len() * 25 + 200);
        note.arg("HSET").arg(&*key);
        for stretch in handled.chunk_by(|one, other| is_same(one.0, other.0)) {
            let (list, code) = handled::list(stretch[0].0);
            note.arg(code.as_slice()).arg(list);
            for (_, event) in stretch {
                note.arg(event.as_bytes().as_slice()).arg(code.as_slice());
            }
        }
        let mut expire = cmd("PEXPIRE");
        expire.arg(&*key).arg(window.expiry());
        commands.extend([note, expire]);
    }
    commands
}

/// Returns `true` if there are trial marks.
fn check(answers: Vec<Value>) -> Result<bool, Failure> {
    let mut has_marks = false;
    for (index, answer) in answers.into_iter().enumerate() {
        let answer = answer::done(answer)?;
        has_marks |= index == 1 && answer == Value::Int(1);
    }
    Ok(has_marks)
}
