//! Reading from the streams of a group.

use std::time::Duration;

use redis::{Cmd, Value, cmd};

use super::commands::{Commands, Lua, id_text, next};
use super::connection::Conn;
use super::failure::Failure;
use super::fence::{self, Fence};
use super::handled;
use super::position::Position;
use super::receive::{Batch, Call};
use super::{answer, fields, keys};
use crate::transport::{Entry, Epoch, Member, Queue};

/// The script that reads a few entries, and looks up who has handled their events.
pub(super) struct Few(Lua);

impl Few {
    pub(super) fn new() -> Self {
        Self(Lua::new(include_str!("scripts/read.lua")))
    }

    /// Reads up to `count` entries in one round trip. Requeued ones take up to `share` while new ones wait.
    pub(super) fn read(
        &self,
        conn: &mut Conn,
        call: Call<'_>,
        count: usize,
        share: usize,
    ) -> Result<Batch, Failure> {
        let Call { member, window, .. } = call;
        let Member { topic, group, .. } = member;
        let (bucket, handled) = (window.bucket(), window.keys(member));
        let mut script = self.0.call(3 + handled.len());
        script
            .arg(keys::epoch(topic, group))
            .arg(keys::redelivery(topic, group))
            .arg(topic)
            .arg(&handled)
            .arg(keys::epoch_argument(member))
            .arg(group)
            .arg(member.consumer)
            .arg(count)
            .arg(share);
        let mut answers = answer::list(self.0.run(conn, &script)?)?.into_iter();
        let mut entries = of_queue(Queue::Redelivery, next(&mut answers)?)?;
        entries.append(&mut of_queue(Queue::Topic, next(&mut answers)?)?);
        window.note_time(next(&mut answers)?)?;
        // Where a stretch has ended meanwhile, the script has looked into the wrong ones.
        let is_doubtful = answer::number(next(&mut answers)?)? != 0 || window.bucket() != bucket;
        Ok(Batch {
            entries,
            is_doubtful,
        })
    }
}

/// Reads up to `count` new entries and up to `share` requeued ones under an epoch, in one round trip.
pub(super) fn many(
    fence: &mut Fence,
    epoch: Epoch,
    call: Call<'_>,
    count: usize,
    share: usize,
) -> Result<Batch, Failure> {
    let member = call.member;
    let redelivery = keys::redelivery(member.topic, member.group);
    let share = share.min(count);
    let mut queue = group_read(member, share);
    queue.arg("STREAMS").arg(&*redelivery).arg(">");
    let mut topic = group_read(member, count);
    topic.arg("STREAMS").arg(member.topic).arg(">");
    let commands = if share > 0 { 3 } else { 2 };
    let answers = fence.transact(epoch, 0, commands, |transaction| {
        if share > 0 {
            transaction.add(&queue);
        }
        transaction.add(&topic).add(&handled::time());
    })?;
    let mut answers = answers.into_iter();
    let mut entries = Vec::new();
    for _ in 1..commands {
        let mut some = of_streams(answer::done(next(&mut answers)?)?, &redelivery)?;
        entries.append(&mut some);
    }
    call.window.note_time(next(&mut answers)?)?;
    Ok(Batch {
        entries,
        is_doubtful: true,
    })
}

/// Reads up to `count` entries of each stream without an epoch. Waits for the first. One command reads both streams, so that the wait
/// is for both.
pub(super) fn free(
    conn: &mut Conn,
    call: Call<'_>,
    count: usize,
    wait: Duration,
) -> Result<Batch, Failure> {
    let member = call.member;
    let redelivery = keys::redelivery(member.topic, member.group);
    let mut read = group_read(member, count);
    if !wait.is_zero() {
        read.arg("BLOCK").arg(block(wait));
    }
    read.arg("STREAMS").arg(&*redelivery).arg(member.topic);
    read.arg(">").arg(">");
    let mut commands = Commands::new(0);
    commands.add(&read).add(&handled::time());
    let mut answers = commands.ask(conn)?;
    let streams = next(&mut answers)?;
    call.window.note_time(next(&mut answers)?)?;
    Ok(Batch {
        entries: of_streams(streams, &redelivery)?,
        is_doubtful: true,
    })
}

/// Waits until there is something behind a position. Changes nothing. Returns `true` if there is.
pub(super) fn wait(
    conn: &mut Conn,
    member: Member<'_>,
    epoch: Epoch,
    position: &Position,
    wait: Duration,
) -> Result<bool, Failure> {
    let mut read = cmd("XREAD");
    read.arg("COUNT").arg(1).arg("BLOCK").arg(block(wait));
    read.arg("STREAMS")
        .arg(keys::redelivery(member.topic, member.group))
        .arg(member.topic)
        .arg(id_text(position.redelivery))
        .arg(id_text(position.topic));
    let mut commands = Commands::new(0);
    commands
        .add(&read)
        .add(cmd("GET").arg(keys::epoch(member.topic, member.group)));
    let mut answers = commands.ask(conn)?;
    let news = next(&mut answers)?;
    let stored = answer::bytes(next(&mut answers)?)?.unwrap_or_default();
    if !fence::is_under(&stored, epoch) {
        return Err(Failure::LostLease);
    }
    Ok(answer::done(news)? != Value::Nil)
}

fn group_read(member: Member<'_>, count: usize) -> Cmd {
    let mut read = cmd("XREADGROUP");
    read.arg("GROUP").arg(member.group).arg(member.consumer);
    read.arg("COUNT").arg(count);
    read
}

/// Returns a wait in whole milliseconds. Zero would be for ever.
fn block(wait: Duration) -> u64 {
    let micros = wait.as_micros().max(1).div_ceil(1000);
    u64::try_from(micros)
        .unwrap_or(u64::MAX)
        .min(i64::MAX.unsigned_abs())
}

/// Reads the entries of streams, one stream behind the other.
fn of_streams(streams: Value, redelivery: &str) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for stream in answer::list(streams)? {
        let mut parts = answer::list(stream)?.into_iter();
        let key = answer::bytes(next(&mut parts)?)?;
        let queue = if key.as_deref() == Some(redelivery.as_bytes()) {
            Queue::Redelivery
        } else {
            Queue::Topic
        };
        let mut some = of_queue(queue, next(&mut parts)?)?;
        if entries.is_empty() {
            entries = some;
        } else {
            entries.append(&mut some);
        }
    }
    Ok(entries)
}

fn of_queue(queue: Queue, list: Value) -> Result<Vec<Entry>, Failure> {
    let mut entries = fields::entries(list)?;
    for entry in &mut entries {
        entry.deliveries = 1;
        if queue == Queue::Redelivery {
            entry.id = entry.id.in_redelivery();
        }
    }
    Ok(entries)
}
