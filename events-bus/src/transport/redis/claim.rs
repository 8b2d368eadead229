//! Claiming pending entries.

use redis::Value;

use super::commands::{Lua, id_text, next};
use super::connection::Conn;
use super::failure::Failure;
use super::group::Joins;
use super::handled::Window;
use super::{answer, fields, keys};
use crate::transport::{Claim, Claimed, Entry, EntryId, Member, Queue};

/// Number of pending entries that one step looks at, about a millisecond's worth for the server.
const LOOKS: usize = 2000;

/// The script that claims.
pub(super) struct Claims(Lua);

/// Outcome of one step.
struct Step {
    claimed: Claimed,
    /// Number of pending entries that were removed from their streams, and are finished now.
    gone: u64,
    /// Place from which the next step goes on.
    place: Option<(Queue, String)>,
}

impl Claims {
    pub(super) fn new() -> Self {
        Self(Lua::new(include_str!("scripts/claim.lua")))
    }

    /// Goes on until there is something to hand out, or nothing left.
    pub(super) fn claim(
        &self,
        conn: &mut Conn,
        joins: &Joins,
        window: &Window,
        member: Member<'_>,
        claim: Claim,
    ) -> Result<Claimed, Failure> {
        let mut place = match claim.after {
            None => (Queue::Redelivery, "-".to_owned()),
            Some(id) => (id.queue(), format!("({}", id_text(id))),
        };
        let mut gone = 0;
        let mut claimed = loop {
            let step = match self.step(conn, window, member, claim, &place) {
                Err(failure) if failure.is_no_group() => {
                    joins.join_again(conn, member)?;
                    break Claimed::default();
                }
                step => step?,
            };
            gone += step.gone;
            match step.place {
                Some(next) if next == place => return Err(Failure::Answer("a later place")),
                Some(next) if step.claimed.entries.is_empty() => place = next,
                _ => break step.claimed,
            }
        };
        if gone > 0 {
            tracing::warn!(
                target: "events_bus::redis", topic = member.topic, group = member.group, entries = gone,
                "entries were removed while they were pending, and nobody can handle them any more; find the program that trims this \
                 stream, such as a producer of another framework with `MAXLEN`"
            );
        }
        window.look_up(conn, member, &mut claimed.entries)?;
        Ok(claimed)
    }

    fn step(
        &self,
        conn: &mut Conn,
        window: &Window,
        member: Member<'_>,
        claim: Claim,
        (queue, from): &(Queue, String),
    ) -> Result<Step, Failure> {
        let Member { topic, group, .. } = member;
        let mut call = self.0.call(4);
        call.arg(keys::epoch(topic, group))
            .arg(keys::redelivery(topic, group))
            .arg(topic)
            .arg(keys::trials(topic, group))
            .arg(keys::epoch_argument(member))
            .arg(group)
            .arg(member.consumer)
            .arg(match queue {
                Queue::Redelivery => 2,
                Queue::Topic => 3,
            })
            .arg(from)
            .arg(u8::from(claim.own))
            .arg(super::lead::millis(claim.idle))
            .arg(claim.limit.entries)
            .arg(claim.limit.bytes)
            .arg(claim.max_deliveries)
            .arg(u8::from(claim.trial))
            .arg(LOOKS);
        let mut answers = answer::list(self.0.run(conn, &call)?)?.into_iter();
        let mut claimed = Claimed::default();
        for value in answer::list(next(&mut answers)?)? {
            claimed.entries.push(entry(value)?);
        }
        claimed.suspect = match place(next(&mut answers)?)? {
            Some((queue, id)) => Some(in_queue(
                queue,
                answer::parse_id(id.as_bytes()).ok_or(Failure::Answer("the id of an entry"))?,
            )),
            None => None,
        };
        let mut gone = 0;
        for count in answer::list(next(&mut answers)?)? {
            gone += answer::number(count)?;
        }
        let place = place(next(&mut answers)?)?;
        window.note_time(next(&mut answers)?)?;
        Ok(Step {
            claimed,
            gone,
            place,
        })
    }
}

/// Reads a claimed entry: its queue, id, deliveries, trial marks and fields.
fn entry(value: Value) -> Result<Entry, Failure> {
    let mut parts = answer::list(value)?.into_iter();
    let queue = queue(next(&mut parts)?)?;
    let id = answer::id(&next(&mut parts)?)?;
    let deliveries = answer::number(next(&mut parts)?)?;
    let trials = u32::try_from(answer::number(next(&mut parts)?)?).unwrap_or(u32::MAX);
    let record = fields::record(answer::list(next(&mut parts)?)?);
    let entry = Entry::new(in_queue(queue, id), fields::published_at(id), record);
    Ok(entry.delivered(deliveries).tried(trials))
}

/// Reads a queue and an id. `None` for an empty list.
fn place(value: Value) -> Result<Option<(Queue, String)>, Failure> {
    let mut parts = answer::list(value)?.into_iter();
    match parts.next() {
        None => Ok(None),
        Some(number) => Ok(Some((queue(number)?, answer::text(next(&mut parts)?)?))),
    }
}

fn queue(number: Value) -> Result<Queue, Failure> {
    match answer::number(number)? {
        2 => Ok(Queue::Redelivery),
        _ => Ok(Queue::Topic),
    }
}

fn in_queue(queue: Queue, id: EntryId) -> EntryId {
    match queue {
        Queue::Redelivery => id.in_redelivery(),
        Queue::Topic => id,
    }
}
