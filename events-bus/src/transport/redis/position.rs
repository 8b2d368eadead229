//! Positions of groups that are led here: the last entries that they were given. An idle leader waits for what follows them.
//!
//! While a position is looked up, entries are counted that another program removed before the group was given them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::commands::{Lua, next};
use super::connection::Conn;
use super::failure::Failure;
use super::receive::{Call, place};
use super::{answer, keys};
use crate::transport::{Entry, EntryId, Epoch, Member, Queue};

/// Time after which a position is looked up again, to notice lost entries.
const LOOKS_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Positions {
    lost: Lua,
    known: Mutex<HashMap<Box<str>, Position>>,
}

/// The last entries that a group was given.
pub(super) struct Position {
    epoch: Epoch,
    pub(super) topic: EntryId,
    pub(super) redelivery: EntryId,
    /// `true` if the last call found nothing.
    pub(super) is_idle: bool,
    /// `true` if there was something behind the position when the leader last waited.
    pub(super) has_news: bool,
    looked: Instant,
}

impl Positions {
    pub(super) fn new() -> Self {
        Self {
            lost: Lua::new(include_str!("scripts/lost.lua")),
            known: Mutex::default(),
        }
    }

    /// Returns the position of a group, which is looked up once in a second.
    pub(super) fn take(
        &self,
        call: Call<'_>,
        epoch: Epoch,
        conn: &mut Conn,
    ) -> Result<Position, Failure> {
        let known = self.known().remove(&*place(call.member));
        match known {
            Some(known) if known.epoch == epoch && known.looked.elapsed() < LOOKS_AGAIN => {
                Ok(known)
            }
            known => {
                let mut position = self.look(call, epoch, conn)?;
                position.is_idle = known.is_some_and(|known| known.is_idle);
                Ok(position)
            }
        }
    }

    /// Looks up the position of a group.
    pub(super) fn look(
        &self,
        call: Call<'_>,
        epoch: Epoch,
        conn: &mut Conn,
    ) -> Result<Position, Failure> {
        match self.ask(call.member, epoch, conn) {
            Err(failure) if failure.is_no_group() => {
                call.joins.join_again(conn, call.member)?;
                self.ask(call.member, epoch, conn)
            }
            position => position,
        }
    }

    fn ask(&self, member: Member<'_>, epoch: Epoch, conn: &mut Conn) -> Result<Position, Failure> {
        let Member { topic, group, .. } = member;
        let mut call = self.lost.call(4);
        call.arg(keys::epoch(topic, group))
            .arg(topic)
            .arg(keys::redelivery(topic, group))
            .arg(keys::lost(topic, group))
            .arg(epoch.to_string())
            .arg(group);
        let mut answers = answer::list(self.lost.run(conn, &call)?)?.into_iter();
        let lost = answer::number(next(&mut answers)?)?;
        if lost > 0 {
            tracing::warn!(
                target: "events_bus::redis", topic, group, entries = lost,
                "entries were removed before the group was given them; find the program that trims this stream, such as a producer of \
                 another framework with `MAXLEN`, or keep a consumer running"
            );
        }
        Ok(Position {
            epoch,
            topic: answer::id(&next(&mut answers)?)?,
            redelivery: answer::id(&next(&mut answers)?)?.in_redelivery(),
            is_idle: false,
            has_news: false,
            looked: Instant::now(),
        })
    }

    pub(super) fn keep(&self, member: Member<'_>, position: Position) {
        self.known().insert(place(member).into(), position);
    }

    pub(super) fn forget(&self, member: Member<'_>) {
        let mut known = self.known();
        let place = place(member);
        if known
            .get(&*place)
            .is_some_and(|position| Some(position.epoch) == member.epoch)
        {
            known.remove(&*place);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Box<str>, Position>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Position {
    /// Notes entries that the group was given.
    pub(super) fn note(&mut self, entries: &[Entry]) {
        for entry in entries {
            let last = match entry.id.queue() {
                Queue::Redelivery => &mut self.redelivery,
                Queue::Topic => &mut self.topic,
            };
            *last = entry.id.max(*last);
        }
    }
}
