//! Connections that watch the epoch of a group.
//!
//! A transaction of such a connection takes place only if the epoch is still the one that was read after the watch began. The watch
//! for the next transaction, and the question for the epoch, travel behind each transaction, so that it costs one round trip.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::{Value, cmd};

use super::commands::{Commands, executed, next};
use super::connection::Conn;
use super::failure::Failure;
use super::pool::Pool;
use super::{answer, keys};
use crate::transport::{Epoch, Member};

/// Maximum number of connections that are kept for each group: one that reads, and those that settle.
const KEPT: usize = 4;

/// Maximum number of attempts of a transaction while the epoch stays the same.
const ATTEMPTS: u32 = 3;

/// Connections of groups that are led here.
#[derive(Default)]
pub(super) struct Fences {
    idle: Mutex<HashMap<Box<str>, Vec<Fence>>>,
}

/// A connection that watches the epoch of a group.
pub(super) struct Fence {
    pub(super) conn: Conn,
    /// Key of the epoch.
    key: String,
    /// Content of the key since it is watched.
    stored: Vec<u8>,
}

impl Fences {
    /// Returns a connection that watches the epoch of a member, which is the current one.
    pub(super) fn take(
        &self,
        pool: &Pool,
        member: Member<'_>,
        epoch: Epoch,
    ) -> Result<Fence, Failure> {
        let key = keys::epoch(member.topic, member.group);
        let mut known = None;
        loop {
            let Some(mut fence) = self.idle().get_mut(&*key).and_then(Vec::pop) else {
                break;
            };
            if fence.conn.wait_at_most(pool.response_timeout()).is_ok()
                && pool.is_usable(&mut fence.conn)
            {
                known = Some(fence);
                break;
            }
        }
        let mut fence = match known {
            Some(fence) if fence.is_under(epoch) => return Ok(fence),
            Some(fence) => fence,
            None => Fence {
                conn: pool.take()?,
                key,
                stored: Vec::new(),
            },
        };
        fence.watch()?;
        if fence.is_under(epoch) {
            return Ok(fence);
        }
        self.put_back(fence);
        Err(Failure::LostLease)
    }

    /// Keeps a connection for the next call.
    pub(super) fn put_back(&self, mut fence: Fence) {
        fence.conn.touch();
        let mut idle = self.idle();
        let known = idle.entry(fence.key.as_str().into()).or_default();
        if known.len() < KEPT {
            known.push(fence);
        }
    }

    /// Runs something with a connection that watches the epoch of a member.
    pub(super) fn with<T>(
        &self,
        pool: &Pool,
        member: Member<'_>,
        epoch: Epoch,
        run: impl FnOnce(&mut Fence) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut fence = self.take(pool, member, epoch)?;
        let result = run(&mut fence);
        match &result {
            Err(failure) if failure.breaks_connection() => pool.forget(failure),
            _ => self.put_back(fence),
        }
        result
    }

    /// Closes the connections of a group.
    pub(super) fn close(&self, topic: &str, group: &str) {
        let closed = self.idle().remove(&*keys::epoch(topic, group));
        drop(closed);
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<Box<str>, Vec<Fence>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fence {
    /// Runs a transaction under an epoch. Returns the answers to its `count` commands.
    pub(super) fn transact(
        &mut self,
        epoch: Epoch,
        room: usize,
        count: usize,
        add: impl Fn(&mut Commands),
    ) -> Result<Vec<Value>, Failure> {
        let mut commands = Commands::with_room(room);
        commands.add(&cmd("MULTI"));
        add(&mut commands);
        commands.add(&cmd("EXEC"));
        commands
            .add(cmd("WATCH").arg(&*self.key))
            .add(cmd("GET").arg(&*self.key));
        for _ in 0..ATTEMPTS {
            if !self.is_under(epoch) {
                return Err(Failure::LostLease);
            }
            let mut answers = commands.ask(&mut self.conn)?;
            let executed = executed(&mut answers, count);
            self.note_watch(&mut answers)?;
            if let Some(answers) = executed? {
                return Ok(answers);
            }
        }
        Err(Failure::LostLease)
    }

    fn is_under(&self, epoch: Epoch) -> bool {
        is_under(&self.stored, epoch)
    }

    /// Begins to watch, and reads the epoch.
    fn watch(&mut self) -> Result<(), Failure> {
        let mut commands = Commands::with_room(256);
        commands
            .add(&cmd("UNWATCH"))
            .add(cmd("WATCH").arg(&*self.key))
            .add(cmd("GET").arg(&*self.key));
        let mut answers = commands.ask(&mut self.conn)?;
        answer::done(next(&mut answers)?)?;
        self.note_watch(&mut answers)
    }

    fn note_watch(&mut self, answers: &mut impl Iterator<Item = Value>) -> Result<(), Failure> {
        // Until the answers are read, nothing is known.
        self.stored.clear();
        answer::done(next(answers)?)?;
        self.stored = answer::bytes(next(answers)?)?.unwrap_or_default();
        Ok(())
    }
}

/// Returns `true` if the content of an epoch key names an epoch.
pub(super) fn is_under(stored: &[u8], epoch: Epoch) -> bool {
    let epoch = epoch.to_string();
    let rest = stored.strip_prefix(epoch.as_bytes());
    rest.is_some_and(|rest| rest.first() == Some(&b' '))
}

/// Fails if the epoch of a member is not the current one. For calls that change nothing.
pub(super) fn check(conn: &mut Conn, member: Member<'_>) -> Result<(), Failure> {
    let Some(epoch) = member.epoch else {
        return Ok(());
    };
    let stored = conn.ask(cmd("GET").arg(keys::epoch(member.topic, member.group)))?;
    if is_under(&answer::bytes(stored)?.unwrap_or_default(), epoch) {
        Ok(())
    } else {
        Err(Failure::LostLease)
    }
}
