//! Groups: joining, requeueing, forgetting.

use redis::{Value, cmd};

use super::commands::{Commands, executed, next};
use super::connection::Conn;
use super::failure::{Failure, NAME};
use super::handled::Window;
use super::{answer, keys, publish};
use crate::record::Record;
use crate::transport::{Member, Start, TransportError, TransportErrorKind};

/// Sees to it that the group is there.
pub(super) fn join(conn: &mut Conn, topic: &str, group: &str, start: Start) -> Result<(), Failure> {
    let from = match start {
        Start::Beginning => "0",
        Start::Now => "$",
    };
    make(conn, topic, group, from).map(drop)
}

/// Makes the group and its queue, unless they are there. Says whether the group was made.
fn make(conn: &mut Conn, topic: &str, group: &str, from: &str) -> Result<bool, Failure> {
    let again = keys::again(topic, group);
    let mut commands = Commands::new(0);
    for (stream, from) in [(&*again, "0"), (topic, from)] {
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(stream).arg(group).arg(from);
        commands.add(create.arg("MKSTREAM"));
    }
    commands.add(cmd("SADD").arg(keys::TOPICS).arg(topic));
    let mut answers = commands.ask(conn)?;
    let made = |answer: Value| match answer::done(answer) {
        Ok(_) => Ok(true),
        Err(failure) if failure.is_busy_group() => Ok(false),
        Err(failure) => Err(failure),
    };
    made(next(&mut answers)?)?;
    made(next(&mut answers)?)
}

/// Makes the group that the server has lost: all that its topic has is new to it.
pub(super) fn make_again(conn: &mut Conn, member: Member<'_>) -> Result<(), Failure> {
    if make(conn, member.topic, member.group, "0")? {
        tracing::warn!(
            target: "events_bus::redis", topic = member.topic, group = member.group,
            "the server had lost the group, or somebody removed it; it is there again, and reads its topic from the beginning"
        );
    }
    Ok(())
}

/// Gives records to a group once more.
pub(super) fn requeue(
    conn: &mut Conn,
    topic: &str,
    group: &str,
    records: &[Record],
) -> Result<(), Failure> {
    if records.is_empty() || publish::requeue(conn, &keys::again(topic, group), records)? {
        return Ok(());
    }
    Err(Failure::Own(TransportError::new(
        TransportErrorKind::Refused,
        NAME,
        format!(
            "topic `{topic}` has no group `{group}` that takes entries once more; join it first. Consumers of other frameworks \
             do not read what is requeued"
        ),
    )))
}

/// Forgets a group, and says whether it was there.
pub(super) fn forget(
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
        .arg(keys::again(topic, group))
        .arg(keys::progress(topic, group))
        .arg(keys::lead(topic, group))
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
