//! What became of entries.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};

use events_core::Uuid;

use super::commands::{Lua, id_text};
use super::connection::Conn;
use super::failure::{Failure, NAME};
use super::handled::{self, Window};
use super::many::{self, Settled};
use super::{answer, dead, keys, progress};
use crate::transport::{
    EntryId, Member, Queue, Settlement, Standing, TransportError, TransportErrorKind,
};

/// Consumers without anything that were not seen for so long go.
const GONE: Duration = Duration::from_hours(1);

/// From so many settlements on, commands are quicker than a script, although they ask one time more.
const MANY: usize = 64;

/// The scripts that say what is whose.
pub(super) struct Scripts {
    settle: Lua,
    lead: Lua,
    leave: Lua,
    extend: Lua,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            settle: Lua::new(include_str!("scripts/settle.lua")),
            lead: Lua::new(include_str!("scripts/lead.lua")),
            leave: Lua::new(include_str!("scripts/leave.lua")),
            extend: Lua::new(include_str!("scripts/extend.lua")),
        }
    }

    pub(super) fn lead(
        &self,
        conn: &mut Conn,
        member: Member<'_>,
        lease: Duration,
    ) -> Result<Standing, Failure> {
        let mut call = self.lead.call(1);
        call.arg(keys::lead(member.topic, member.group))
            .arg(member.consumer)
            .arg(millis(lease).max(1));
        Ok(match self.lead.run(conn, &call)? {
            Value::Int(1) => Standing::Active,
            _ => Standing::Standby,
        })
    }

    pub(super) fn leave(&self, conn: &mut Conn, member: Member<'_>) -> Result<(), Failure> {
        let mut call = self.leave.call(3);
        call.arg(member.topic)
            .arg(keys::again(member.topic, member.group))
            .arg(keys::lead(member.topic, member.group))
            .arg(member.group)
            .arg(member.consumer)
            .arg(millis(GONE));
        self.leave.run(conn, &call).map(drop)
    }

    /// Removes consumers that are gone.
    pub(super) fn tidy(&self, conn: &mut Conn, topic: &str, group: &str) -> Result<(), Failure> {
        // Nobody has this name: there is nothing to give back.
        let consumer = "";
        self.leave(
            conn,
            Member {
                topic,
                group,
                consumer,
            },
        )
    }

    pub(super) fn extend(
        &self,
        conn: &mut Conn,
        member: Member<'_>,
        entries: &[EntryId],
    ) -> Result<(), Failure> {
        let again = keys::again(member.topic, member.group);
        for (queue, stream) in [(Queue::Redelivery, &*again), (Queue::Topic, member.topic)] {
            let mut ids = entries.iter().filter(|id| id.queue() == queue).peekable();
            if ids.peek().is_none() {
                continue;
            }
            let mut call = self.extend.call(1);
            call.arg(stream).arg(member.group).arg(member.consumer);
            for id in ids {
                call.arg(id_text(*id));
            }
            self.extend.run(conn, &call)?;
        }
        Ok(())
    }

    pub(super) fn settle(
        &self,
        conn: &mut Conn,
        window: &Window,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), Failure> {
        let Member {
            topic,
            group,
            consumer,
        } = member;
        let ids = || settlements.iter().map(|settlement| settlement.entry);
        let is_plain = |settlement: &Settlement| {
            settlement.finished
                && settlement.dead.is_empty()
                && settlement.entry.queue() == Queue::Topic
        };
        if settlements.len() >= MANY
            && settlements.iter().all(is_plain)
            && !window.has_duplicates(member, ids())
        {
            match many::settle(conn, window, member, settlements, leading)? {
                Settled::All => return Ok(()),
                Settled::NotLeading => return Err(lost(member)),
                Settled::Nothing => {}
            }
        }
        if settlements.is_empty() {
            return Ok(());
        }
        let mut call = self.settle.call(6);
        call.arg(topic)
            .arg(keys::again(topic, group))
            .arg(keys::progress(topic, group))
            .arg(keys::dead(topic))
            .arg(keys::lead(topic, group))
            .arg(keys::handled(topic, group, window.bucket()))
            .arg(group)
            .arg(if leading { consumer } else { "" })
            .arg(window.expiry());
        add_dead(&mut call, settlements);
        add_progress(&mut call, settlements);
        add_finished(&mut call, settlements, Queue::Topic);
        add_finished(&mut call, settlements, Queue::Redelivery);
        let finished: &[Settlement] = if window.is_zero() { &[] } else { settlements };
        add_handled(&mut call, finished);
        if answer::number(self.settle.run(conn, &call)?)? == 0 {
            return Err(lost(member));
        }
        window.forget_duplicates(member, ids());
        Ok(())
    }
}

fn lost(member: Member<'_>) -> Failure {
    Failure::Own(TransportError::new(
        TransportErrorKind::LostLease,
        NAME,
        format!(
            "`{}` no longer leads group `{}` of topic `{}`",
            member.consumer, member.group, member.topic
        ),
    ))
}

fn add_dead(call: &mut Cmd, settlements: &[Settlement]) {
    let letters = settlements.iter().flat_map(|settlement| {
        settlement
            .dead
            .iter()
            .map(|letter| (settlement.entry, letter))
    });
    call.arg(letters.clone().count());
    for (entry, letter) in letters {
        call.arg(queue_number(entry)).arg(id_text(entry));
        dead::add(call, letter);
    }
}

fn add_progress(call: &mut Cmd, settlements: &[Settlement]) {
    let waiting = settlements.iter().filter(|settlement| !settlement.finished);
    call.arg(waiting.clone().count());
    for settlement in waiting {
        let entry = settlement.entry;
        call.arg(queue_number(entry)).arg(id_text(entry));
        call.arg(entry.to_string()).arg(progress::write(settlement));
    }
}

fn add_finished(call: &mut Cmd, settlements: &[Settlement], queue: Queue) {
    let finished = settlements
        .iter()
        .filter(|settlement| settlement.finished && settlement.entry.queue() == queue);
    call.arg(finished.clone().count());
    for settlement in finished {
        call.arg(id_text(settlement.entry));
    }
}

/// Most entries were handled by the same receivers: they are said once for each stretch of such entries.
fn add_handled(call: &mut Cmd, settlements: &[Settlement]) {
    let handled = handled(settlements);
    let stretches = stretches(&handled);
    call.arg(stretches.clone().count());
    for stretch in stretches {
        let (list, code) = handled::list(stretch[0].0);
        call.arg(list).arg(code.as_slice()).arg(stretch.len());
        for (_, event) in stretch {
            call.arg(event.as_bytes().as_slice());
        }
    }
}

/// The events that are to be remembered, with the receivers that handled them.
pub(super) fn handled(settlements: &[Settlement]) -> Vec<(&Arc<[Arc<str>]>, Uuid)> {
    settlements
        .iter()
        .filter(|settlement| settlement.finished && !settlement.handled_by.is_empty())
        .filter_map(|settlement| Some((&settlement.handled_by, settlement.event_id?)))
        .collect()
}

/// Stretches of events that the same receivers handled. None is empty.
pub(super) fn stretches<'a, 'b>(
    handled: &'b [(&'a Arc<[Arc<str>]>, Uuid)],
) -> impl Iterator<Item = &'b [(&'a Arc<[Arc<str>]>, Uuid)]> + Clone {
    handled.chunk_by(|(one, _), (other, _)| Arc::ptr_eq(one, other) || one == other)
}

/// As the script counts its keys.
fn queue_number(entry: EntryId) -> u8 {
    match entry.queue() {
        Queue::Topic => 1,
        Queue::Redelivery => 2,
    }
}

fn millis(duration: Duration) -> u64 {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    // The server adds it to its clock.
    millis.min(i64::MAX.unsigned_abs() / 4)
}
