//! Many entries that are finished, and nothing else: what nearly all settlements are.
//!
//! It is what the script for settlements does, without the script, which takes the server half as long again.

use redis::{Cmd, Value, cmd};

use super::commands::{Commands, executed, id_text, next};
use super::connection::Conn;
use super::failure::Failure;
use super::handled::{self, Window};
use super::settle::{handled, stretches};
use super::{answer, keys};
use crate::transport::{Member, Settlement};

/// What came of it.
pub(super) enum Settled {
    /// All are settled.
    All,
    /// The consumer does not lead, and nothing is settled.
    NotLeading,
    /// Nothing is settled, and the script may try.
    Nothing,
}

pub(super) fn settle(
    conn: &mut Conn,
    window: &Window,
    member: Member<'_>,
    settlements: &[Settlement],
    leading: bool,
) -> Result<Settled, Failure> {
    if leading && !watches_own_lead(conn, member)? {
        return Ok(Settled::NotLeading);
    }
    let progress = keys::progress(member.topic, member.group);
    let mut acknowledge = Cmd::with_capacity(settlements.len() + 3, settlements.len() * 20);
    acknowledge.arg("XACK").arg(member.topic).arg(member.group);
    for settlement in settlements {
        acknowledge.arg(id_text(settlement.entry));
    }
    let mut commands = Commands::with_room(settlements.len() * 72);
    commands.add(&cmd("MULTI")).add(&acknowledge);
    commands.add(cmd("EXISTS").arg(&*progress));
    let mut queued = 2;
    let handled = if window.is_zero() {
        Vec::new()
    } else {
        handled(settlements)
    };
    if !handled.is_empty() {
        let key = keys::handled(member.topic, member.group, window.bucket());
        let mut note = Cmd::with_capacity(handled.len() * 2 + 4, handled.len() * 25 + 200);
        note.arg("HSET").arg(&*key);
        for stretch in stretches(&handled) {
            let (list, code) = handled::list(stretch[0].0);
            note.arg(code.as_slice()).arg(list);
            for (_, event) in stretch {
                note.arg(event.as_bytes().as_slice()).arg(code.as_slice());
            }
        }
        commands.add(&note);
        commands.add(cmd("PEXPIRE").arg(&*key).arg(window.expiry()));
        queued += 2;
    }
    commands.add(&cmd("EXEC"));
    let answers = match executed(&mut commands.ask(conn)?, queued) {
        Ok(Some(answers)) => answers,
        // The lead was renewed, or lost; or the server has no room, and the script will do without.
        Ok(None) => return Ok(Settled::Nothing),
        Err(Failure::Server(error)) if error.code() == "OOM" => return Ok(Settled::Nothing),
        Err(failure) => return Err(failure),
    };
    let mut has_progress = false;
    for (index, answer) in answers.into_iter().enumerate() {
        let answer = answer::done(answer)?;
        has_progress |= index == 1 && answer == Value::Int(1);
    }
    if has_progress {
        // Some entry was tried before. What is left of it means nothing, but takes room.
        let mut forget = cmd("HDEL");
        forget.arg(progress);
        for settlement in settlements {
            forget.arg(settlement.entry.to_string());
        }
        conn.ask(&forget)?;
    }
    Ok(Settled::All)
}

/// Whether the consumer leads. Then it does so until the transaction, or that does not take place.
fn watches_own_lead(conn: &mut Conn, member: Member<'_>) -> Result<bool, Failure> {
    let key = keys::lead(member.topic, member.group);
    let mut commands = Commands::new(0);
    commands
        .add(cmd("WATCH").arg(&*key))
        .add(cmd("GET").arg(&*key));
    let mut answers = commands.ask(conn)?;
    answer::done(next(&mut answers)?)?;
    let leader = answer::bytes(next(&mut answers)?)?;
    if leader.as_deref() == Some(member.consumer.as_bytes()) {
        return Ok(true);
    }
    conn.ask(&cmd("UNWATCH"))?;
    Ok(false)
}
