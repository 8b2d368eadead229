//! Taking over what is pending.

use std::time::Duration;

use redis::{Cmd, cmd};

use super::commands::{Commands, id_text, next};
use super::connection::Conn;
use super::failure::Failure;
use super::handled::{self, Window};
use super::{answer, fields, group, keys, progress};
use crate::transport::{Entry, EntryId, Member, Queue};

/// The fewest entries that are looked at in one step.
const PAGE: usize = 100;

/// A pending entry as the server lists it.
struct Pending {
    id: EntryId,
    /// It is the consumer's own.
    is_own: bool,
    deliveries: u64,
}

/// Takes over pending entries behind one, in their order: those of the consumer itself, and those of others that were not
/// touched for a time.
pub(super) fn take_over(
    conn: &mut Conn,
    window: &Window,
    member: Member<'_>,
    behind: Option<EntryId>,
    idle: Duration,
    most: usize,
) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    let queues = [Queue::Redelivery, Queue::Topic];
    let from = behind.map_or(Queue::Redelivery, EntryId::queue);
    for queue in queues.into_iter().filter(|queue| *queue >= from) {
        let room = most.saturating_sub(entries.len());
        if room == 0 {
            break;
        }
        let behind = behind.filter(|id| id.queue() == queue);
        let claim = Claim {
            member,
            queue,
            stream: match queue {
                Queue::Redelivery => keys::again(member.topic, member.group),
                Queue::Topic => member.topic.to_owned(),
            },
            idle: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
        };
        match claim.run(conn, behind, room) {
            Ok(mut some) => entries.append(&mut some),
            Err(failure) if failure.is_no_group() => group::make_again(conn, member)?,
            Err(failure) => return Err(failure),
        }
    }
    if !entries.is_empty() {
        look_up(conn, window, member, &mut entries)?;
    }
    Ok(entries)
}

/// What was done for the entries before.
fn look_up(
    conn: &mut Conn,
    window: &Window,
    member: Member<'_>,
    entries: &mut [Entry],
) -> Result<(), Failure> {
    let mut get = cmd("HMGET");
    get.arg(keys::progress(member.topic, member.group));
    for entry in &*entries {
        get.arg(entry.id.to_string());
    }
    let mut commands = Commands::new(0);
    commands.add(&get).add(&handled::time());
    let mut answers = commands.ask(conn)?;
    let found = answer::list(next(&mut answers)?)?;
    window.note_time(next(&mut answers)?)?;
    for (entry, text) in entries.iter_mut().zip(found) {
        let Some(text) = answer::bytes(text)? else {
            continue;
        };
        if let Some(progress) = progress::read(&text) {
            entry.progress = progress;
        } else {
            tracing::warn!(
                target: "events_bus::redis", topic = member.topic, group = member.group, entry = %entry.id,
                "the progress of the entry cannot be read: all its receivers are run again"
            );
        }
    }
    window.look_up(conn, member, entries)
}

/// What is to be taken over, and of which queue.
struct Claim<'a> {
    member: Member<'a>,
    queue: Queue,
    stream: String,
    idle: u64,
}

impl Claim<'_> {
    /// Goes on until there is something to hand out, or nothing left: that the first entries are gone says nothing of the rest.
    fn run(
        &self,
        conn: &mut Conn,
        behind: Option<EntryId>,
        most: usize,
    ) -> Result<Vec<Entry>, Failure> {
        let mut from = behind.map_or_else(|| "-".to_owned(), |id| format!("({}", id_text(id)));
        let page = most.max(PAGE);
        loop {
            let (pending, last) = self.list(conn, &from, page)?;
            let wanted = &pending[..pending.len().min(most)];
            let entries = self.claim(conn, wanted)?;
            if !entries.is_empty() {
                return Ok(entries);
            }
            // Those that were passed over for want of room come first in the next step.
            from = match (wanted.last(), last) {
                (Some(last), _) if wanted.len() < pending.len() => format!("({}", id_text(last.id)),
                (_, Some(last)) => format!("({}", id_text(last)),
                (_, None) => return Ok(Vec::new()),
            };
        }
    }

    /// The pending entries of a page that can be taken over, and the last of the page.
    fn list(
        &self,
        conn: &mut Conn,
        from: &str,
        page: usize,
    ) -> Result<(Vec<Pending>, Option<EntryId>), Failure> {
        let mut list = cmd("XPENDING");
        list.arg(&*self.stream).arg(self.member.group);
        list.arg(from).arg("+").arg(page);
        let mut pending = Vec::new();
        let mut last = None;
        for entry in answer::list(conn.ask(&list)?)? {
            let mut parts = answer::list(entry)?.into_iter();
            let id = answer::id(&next(&mut parts)?)?;
            let owner = answer::bytes(next(&mut parts)?)?.unwrap_or_default();
            let idle = answer::number(next(&mut parts)?)?;
            let deliveries = answer::number(next(&mut parts)?)?;
            let is_own = owner == self.member.consumer.as_bytes();
            last = Some(id);
            if is_own || idle >= self.idle {
                pending.push(Pending {
                    id,
                    is_own,
                    deliveries,
                });
            }
        }
        Ok((pending, last))
    }

    fn claim(&self, conn: &mut Conn, pending: &[Pending]) -> Result<Vec<Entry>, Failure> {
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        // Somebody else may be quicker: of others' entries the server takes only what is still untouched.
        let mut commands = Commands::new(0);
        for (is_own, idle) in [(true, 0), (false, self.idle)] {
            let ids = pending.iter().filter(|pending| pending.is_own == is_own);
            if let Some(claim) = self.claim_command(ids, idle) {
                commands.add(&claim);
            }
        }
        let mut found = Vec::with_capacity(pending.len());
        for answer in commands.ask(conn)? {
            found.append(&mut fields::entries(answer)?);
        }
        found.sort_by_key(|entry| entry.id);
        let mut missing = Vec::new();
        for pending in pending {
            match found.binary_search_by_key(&pending.id, |entry| entry.id) {
                Ok(place) => found[place].deliveries = pending.deliveries.saturating_add(1),
                Err(_) => missing.push(pending.id),
            }
        }
        if !missing.is_empty() {
            self.finish_gone(conn, &missing)?;
        }
        if self.queue == Queue::Redelivery {
            for entry in &mut found {
                entry.id = entry.id.in_redelivery();
            }
        }
        Ok(found)
    }

    fn claim_command<'p>(
        &self,
        pending: impl Iterator<Item = &'p Pending>,
        idle: u64,
    ) -> Option<Cmd> {
        let mut pending = pending.peekable();
        pending.peek()?;
        let mut claim = cmd("XCLAIM");
        claim.arg(&*self.stream).arg(self.member.group);
        claim.arg(self.member.consumer).arg(idle);
        for pending in pending {
            claim.arg(id_text(pending.id));
        }
        Some(claim)
    }

    /// Acknowledges the entries that are no longer in the stream, because somebody trimmed it: nobody can ever handle them. The
    /// others that were not handed out have been taken by somebody else.
    fn finish_gone(&self, conn: &mut Conn, missing: &[EntryId]) -> Result<(), Failure> {
        let mut commands = Commands::new(0);
        for id in missing.iter().map(|id| id_text(*id)) {
            let mut look = cmd("XRANGE");
            look.arg(&*self.stream).arg(&*id).arg(&*id);
            commands.add(look.arg("COUNT").arg(1));
        }
        let mut gone = Vec::new();
        for (id, answer) in missing.iter().zip(commands.ask(conn)?) {
            if answer::list(answer)?.is_empty() {
                gone.push(*id);
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        let (topic, group) = (self.member.topic, self.member.group);
        let mut acknowledge = cmd("XACK");
        acknowledge.arg(&*self.stream).arg(group);
        let mut forget = cmd("HDEL");
        forget.arg(keys::progress(topic, group));
        for id in &gone {
            acknowledge.arg(id_text(*id));
            forget.arg(match self.queue {
                Queue::Redelivery => id.in_redelivery().to_string(),
                Queue::Topic => id.to_string(),
            });
        }
        let mut commands = Commands::new(0);
        for answer in commands.add(&acknowledge).add(&forget).ask(conn)? {
            answer::done(answer)?;
        }
        tracing::warn!(
            target: "events_bus::redis", topic, group, entries = gone.len(),
            "entries were trimmed away while they were pending, and nobody can handle them any more; see who trims this stream: a \
             producer of another framework with `MAXLEN`?"
        );
        Ok(())
    }
}
