//! Status of topics and groups, and their content.

use std::collections::BTreeSet;

use redis::{Value, cmd};

use super::commands::{Commands, id_text, next};
use super::connection::Conn;
use super::failure::Failure;
use super::{answer, dead, fields, keys};
use crate::transport::{DeadLetter, Entry, EntryId, GroupStatus, Position, TopicStatus};

/// Returns the topics that this framework published to or joined on this server, by name.
pub(super) fn topics(conn: &mut Conn) -> Result<Vec<TopicStatus>, Failure> {
    let mut names = BTreeSet::new();
    for name in answer::list(conn.ask(cmd("SMEMBERS").arg(keys::TOPICS))?)? {
        names.insert(answer::text(name)?);
    }
    let mut topics = Vec::with_capacity(names.len());
    for name in names {
        match topic(conn, &name) {
            // A topic that the server has lost is left out.
            Ok(topic) => topics.extend(topic),
            Err(Failure::Server(error)) if error.code() == "WRONGTYPE" => tracing::warn!(
                target: "events_bus::redis", topic = &*name,
                "the server has another type of value under the name of the topic, which is left out"
            ),
            Err(failure) => return Err(failure),
        }
    }
    Ok(topics)
}

/// Returns the status of a topic, or `None` if there is neither a stream of its name nor a dead letter.
pub(super) fn topic(conn: &mut Conn, name: &str) -> Result<Option<TopicStatus>, Failure> {
    let mut commands = Commands::new(0);
    commands
        .add(cmd("EXISTS").arg(name).arg(keys::dead(name)))
        .add(cmd("XLEN").arg(name))
        .add(&range("XRANGE", name, "-", "+", 1))
        .add(&range("XREVRANGE", name, "+", "-", 1))
        .add(cmd("XLEN").arg(keys::dead(name)))
        .add(cmd("XINFO").arg("GROUPS").arg(name));
    let mut answers = commands.ask(conn)?;
    let is_there = answer::number(next(&mut answers)?)? > 0;
    let mut status = TopicStatus::new(name);
    status.entries = answer::number(next(&mut answers)?)?;
    status.oldest = first_id(next(&mut answers)?)?;
    status.newest = first_id(next(&mut answers)?)?;
    status.dead_letters = answer::number(next(&mut answers)?)?;
    let groups = match answer::list(next(&mut answers)?) {
        // There is no stream of that name any more.
        Err(Failure::Server(error)) if error.code() == "ERR" => Vec::new(),
        groups => groups?,
    };
    for found in groups {
        let group = group(conn, &status, found)?;
        status.groups.push(group);
    }
    status
        .groups
        .sort_by(|one, other| one.group.cmp(&other.group));
    Ok(is_there.then_some(status))
}

fn group(conn: &mut Conn, of: &TopicStatus, found: Value) -> Result<GroupStatus, Failure> {
    let topic = &*of.topic;
    let names = [
        "name",
        "pending",
        "last-delivered-id",
        "entries-read",
        "lag",
    ];
    let [name, pending, last, read, lag] = answer::pick(found, names)?;
    let mut status = GroupStatus::new(answer::text(name)?);
    status.pending = answer::number(pending)?;
    // Redis 6.2 has no such number, and later ones not where entries were deleted one by one.
    status.unread = answer::number(lag).ok();
    let last = answer::id(&last)?;
    let mut commands = Commands::new(0);
    commands
        .add(cmd("XLEN").arg(keys::redelivery(topic, &status.group)))
        .add(cmd("HLEN").arg(keys::retry(topic, &status.group)))
        .add(cmd("GET").arg(keys::lost(topic, &status.group)))
        .add(cmd("GET").arg(keys::lead(topic, &status.group)))
        .add(cmd("XPENDING").arg(topic).arg(&*status.group))
        .add(&range(
            "XRANGE",
            topic,
            &format!("({}", id_text(last)),
            "+",
            1,
        ));
    let mut answers = commands.ask(conn)?;
    status.requeued = answer::number(next(&mut answers)?)?;
    status.parked = answer::number(next(&mut answers)?)?;
    status.lost = match next(&mut answers)? {
        Value::Nil => 0,
        lost => answer::number(lost)?,
    };
    status.leader = match next(&mut answers)? {
        Value::Nil => None,
        leader => Some(answer::text(leader)?),
    };
    let mut summary = answer::list(next(&mut answers)?)?.into_iter();
    let oldest_pending = match summary.nth(1) {
        None | Some(Value::Nil) => None,
        Some(id) => Some(answer::id(&id)?),
    };
    let oldest_unread = first_id(next(&mut answers)?)?;
    // Redis goes on counting what was removed before it was read. What was found lost by the leader is not in its count.
    if let (Some(unread), Ok(_)) = (status.unread, answer::number(read)) {
        let at_most = if oldest_unread.is_some() {
            of.entries
        } else {
            0
        };
        status.lost = status.lost.saturating_add(unread.saturating_sub(at_most));
    }
    if oldest_unread.is_none() {
        status.unread = Some(0);
    } else if oldest_unread == of.oldest {
        status.unread = Some(of.entries);
    }
    let oldest = oldest_pending.into_iter().chain(oldest_unread).min();
    status.oldest_unfinished = oldest.map(fields::published_at);
    Ok(status)
}

/// Returns the names of the groups of a topic.
pub(super) fn group_names(conn: &mut Conn, topic: &str) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    let groups = match conn.ask(cmd("XINFO").arg("GROUPS").arg(topic)) {
        // There is no stream of that name.
        Err(Failure::Server(error)) if error.code() == "ERR" => Vec::new(),
        groups => answer::list(groups?)?,
    };
    for found in groups {
        let [name] = answer::pick(found, ["name"])?;
        names.push(answer::text(name)?);
    }
    Ok(names)
}

/// Returns entries of a topic from a position on.
pub(super) fn read(
    conn: &mut Conn,
    topic: &str,
    from: Position,
    most: usize,
) -> Result<Vec<Entry>, Failure> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let from = match from {
        Position::Oldest => "-".to_owned(),
        Position::At(id) => id_text(id),
        Position::After(id) => format!("({}", id_text(id)),
        Position::Time(time) => {
            // The first millisecond that is not before it.
            let millis = time.as_micros().max(0).unsigned_abs().div_ceil(1000);
            format!("{millis}-0")
        }
    };
    fields::entries(conn.ask(&range("XRANGE", topic, &from, "+", most))?)
}

/// Returns dead letters after one.
pub(super) fn dead_letters(
    conn: &mut Conn,
    topic: &str,
    after: Option<EntryId>,
    most: usize,
) -> Result<Vec<(EntryId, DeadLetter)>, Failure> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let from = after.map_or_else(|| "-".to_owned(), |id| format!("({}", id_text(id)));
    let stream = keys::dead(topic);
    let mut letters = Vec::new();
    for entry in answer::list(conn.ask(&range("XRANGE", &stream, &from, "+", most))?)? {
        if let Some((id, fields)) = fields::entry(entry)? {
            letters.push((id, dead::read(id, fields)));
        }
    }
    Ok(letters)
}

/// Removes dead letters. Returns how many existed.
pub(super) fn drop_dead_letters(
    conn: &mut Conn,
    topic: &str,
    ids: impl Iterator<Item = EntryId>,
) -> Result<u64, Failure> {
    let mut delete = cmd("XDEL");
    delete.arg(keys::dead(topic));
    let mut count = 0;
    for id in ids {
        delete.arg(id_text(id));
        count += 1;
    }
    if count == 0 {
        return Ok(0);
    }
    answer::number(conn.ask(&delete)?)
}

fn range(command: &str, stream: &str, from: &str, to: &str, most: usize) -> redis::Cmd {
    let mut range = cmd(command);
    range.arg(stream).arg(from).arg(to).arg("COUNT").arg(most);
    range
}

fn first_id(answer: Value) -> Result<Option<EntryId>, Failure> {
    let first = answer::list(answer)?.into_iter().next();
    Ok(match first {
        Some(entry) => fields::entry(entry)?.map(|(id, _)| id),
        None => None,
    })
}
