//! Groups: joining, requeueing, deleting.

use redis::{Value, cmd};

use super::commands::{Commands, Lua, executed};
use super::connection::Conn;
use super::failure::{Failure, NAME};
use super::handled::Window;
use super::{answer, keys, publish};
use crate::record::Record;
use crate::transport::{Member, Start, TransportError, TransportErrorKind};

/// The script that creates groups.
pub(super) struct Joins(Lua);

impl Joins {
    pub(super) fn new() -> Self {
        Self(Lua::new(include_str!("scripts/join.lua")))
    }

    /// Creates the group if it does not exist.
    pub(super) fn join(
        &self,
        conn: &mut Conn,
        topic: &str,
        group: &str,
        start: Start,
    ) -> Result<(), Failure> {
        let from = match start {
            Start::Beginning => "0",
            Start::Now => "$",
        };
        self.create(conn, topic, group, from).map(drop)
    }

    /// Creates the group that the server has lost: all entries of its topic are new to it.
    pub(super) fn join_again(&self, conn: &mut Conn, member: Member<'_>) -> Result<(), Failure> {
        if self.create(conn, member.topic, member.group, "0")? {
            tracing::warn!(
                target: "events_bus::redis", topic = member.topic, group = member.group,
                "the server had lost the group, or somebody removed it; it exists again, and reads its topic from the beginning"
            );
        }
        Ok(())
    }

    /// Creates the group and its queue, unless they exist. Returns `true` if the group was created.
    fn create(
        &self,
        conn: &mut Conn,
        topic: &str,
        group: &str,
        from: &str,
    ) -> Result<bool, Failure> {
        let mut call = self.0.call(2);
        call.arg(topic)
            .arg(keys::redelivery(topic, group))
            .arg(group)
            .arg(from);
        let is_new = answer::number(self.0.run(conn, &call)?)? == 1;
        match conn.ask(cmd("SADD").arg(keys::TOPICS).arg(topic)) {
            // A full server refuses this, also where there is nothing to add.
            Err(failure) if failure.is_full() => {
                let known = conn.ask(cmd("SISMEMBER").arg(keys::TOPICS).arg(topic))?;
                if answer::number(known)? == 0 {
                    return Err(failure);
                }
            }
            added => drop(added?),
        }
        Ok(is_new)
    }
}

/// Appends records to the redelivery queue of a group.
pub(super) fn requeue(
    conn: &mut Conn,
    topic: &str,
    group: &str,
    records: &[Record],
) -> Result<(), Failure> {
    if records.is_empty() || publish::requeue(conn, &keys::redelivery(topic, group), records)? {
        return Ok(());
    }
    Err(Failure::Own(TransportError::new(
        TransportErrorKind::Refused,
        NAME,
        format!(
            "topic `{topic}` has no group `{group}` with a redelivery queue; join it first. Consumers of other frameworks do not \
             read requeued records"
        ),
    )))
}

/// Deletes a group. Returns `true` if it existed.
pub(super) fn delete(
    conn: &mut Conn,
    window: &Window,
    topic: &str,
    group: &str,
) -> Result<bool, Failure> {
    let bucket = window.bucket();
    let mut destroy = cmd("XGROUP");
    destroy.arg("DESTROY").arg(topic).arg(group);
    let mut delete = cmd("DEL");
    delete
        .arg(&keys::of_group(topic, group))
        .arg(keys::handled(topic, group, bucket))
        .arg(keys::handled(topic, group, bucket.saturating_sub(1)));
    let mut commands = Commands::new(0);
    commands.add(&cmd("MULTI")).add(&destroy).add(&delete);
    commands.add(&cmd("EXEC"));
    let mut answers = commands.ask(conn)?;
    let executed = executed(&mut answers, 2)?.unwrap_or_default();
    // It is an error where there is no topic at all.
    match executed.into_iter().next() {
        Some(Value::Int(destroyed)) => Ok(destroyed == 1),
        Some(Value::ServerError(error)) if error.code() != "ERR" => Err(Failure::Server(error)),
        _ => Ok(false),
    }
}
