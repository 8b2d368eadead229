//! Handing out what is new.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{Value, cmd};

use super::commands::{Commands, Lua, next};
use super::connection::{ClientName, Conn, Pool};
use super::failure::Failure;
use super::handled::{self, Window};
use super::{answer, fields, group, keys};
use crate::transport::{Entry, Member};

/// What is remembered from one call of a consumer to the next.
pub(super) struct Receivers {
    read_few: Lua,
    /// Whether a call that asked for a few found some.
    found_some: AtomicBool,
    /// `COUNT` counts for each stream by itself, so that an answer may hold up to twice as much as was asked for. What is too
    /// much waits here, in the order of the topic. It is pending, as all that was handed out.
    surplus: Mutex<HashMap<Box<str>, VecDeque<Entry>>>,
    /// Connections that broke while they waited.
    broken: Mutex<Vec<ClientName>>,
}

/// How often a consumer's call may find that its group is not there, and make it.
const ATTEMPTS: u32 = 3;

/// So many entries are read together with what is known of their events, by a script. It cannot wait; and of more entries, to ask
/// a second time costs less than to look at them in a script.
const FEW: usize = 16;

impl Receivers {
    pub(super) fn new() -> Self {
        Self {
            read_few: Lua::new(include_str!("scripts/read.lua")),
            found_some: AtomicBool::new(false),
            surplus: Mutex::default(),
            broken: Mutex::default(),
        }
    }

    pub(super) fn receive(
        &self,
        pool: &Pool,
        window: &Window,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, Failure> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let mut entries = self.take_surplus(member, most);
        if !entries.is_empty() {
            pool.with(|conn| window.look_up(conn, member, &mut entries))?;
            return Ok(entries);
        }
        let mut name = None;
        let result = pool.with(|conn| {
            self.end_broken(pool, conn);
            name = conn.name().cloned();
            if most <= FEW
                && window.has_time()
                && (wait.is_zero() || self.found_some.load(Ordering::Relaxed))
            {
                let entries = self.read_few(conn, window, member, most)?;
                self.found_some
                    .store(!entries.is_empty(), Ordering::Relaxed);
                if wait.is_zero() || !entries.is_empty() {
                    return Ok(entries);
                }
            }
            conn.wait_at_most(wait.saturating_add(pool.response_timeout()))?;
            let entries = self.read(conn, window, member, most, wait)?;
            conn.wait_at_most(pool.response_timeout())?;
            self.found_some
                .store(!entries.is_empty(), Ordering::Relaxed);
            let mut entries = self.keep_surplus(member, most, entries);
            window.look_up(conn, member, &mut entries)?;
            Ok(entries)
        });
        if let (Err(failure), Some(name)) = (&result, name)
            && failure.breaks_connection()
        {
            self.broken().push(name);
        }
        result
    }

    /// Reads, and waits for what there is to read.
    fn read(
        &self,
        conn: &mut Conn,
        window: &Window,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, Failure> {
        let begun = Instant::now();
        self.with_group(conn, member, |conn| {
            let rest = wait.saturating_sub(begun.elapsed());
            read(conn, window, member, most, rest)
        })
    }

    /// Reads what is there, and mostly asks once for all.
    fn read_few(
        &self,
        conn: &mut Conn,
        window: &Window,
        member: Member<'_>,
        most: usize,
    ) -> Result<Vec<Entry>, Failure> {
        let again = keys::again(member.topic, member.group);
        let (bucket, handled) = (window.bucket(), window.keys(member));
        let (entries, is_doubtful) = self.with_group(conn, member, |conn| {
            let mut call = self.read_few.call(2 + handled.len());
            call.arg(&*again).arg(member.topic).arg(&handled);
            call.arg(member.group).arg(member.consumer).arg(most);
            let mut answers = answer::list(self.read_few.run(conn, &call)?)?.into_iter();
            let streams = next(&mut answers)?;
            window.note_time(next(&mut answers)?)?;
            // Where a stretch has ended meanwhile, the script has looked into the wrong ones.
            let is_doubtful =
                answer::number(next(&mut answers)?)? != 0 || window.bucket() != bucket;
            Ok((entries(streams, &again)?, is_doubtful))
        })?;
        let mut entries = self.keep_surplus(member, most, entries);
        if is_doubtful {
            window.look_up(conn, member, &mut entries)?;
        }
        Ok(entries)
    }

    /// Makes the group where the server has lost it.
    fn with_group<T>(
        &self,
        conn: &mut Conn,
        member: Member<'_>,
        run: impl Fn(&mut Conn) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut attempts = 1;
        loop {
            match run(conn) {
                Err(failure) if failure.is_no_group() && attempts < ATTEMPTS => {
                    attempts += 1;
                    self.forget(member);
                    group::make_again(conn, member)?;
                }
                result => return result,
            }
        }
    }

    /// Ends the connections that broke, before anything else is done: the server may still be about to hand entries to them.
    pub(super) fn end_broken(&self, pool: &Pool, conn: &mut Conn) {
        let broken = std::mem::take(&mut *self.broken());
        for name in broken {
            pool.end(conn, &name);
        }
    }

    /// Forgets what waits for a consumer: it is pending, and will be handed out as such.
    pub(super) fn forget(&self, member: Member<'_>) {
        self.surplus().remove(&*place(member));
    }

    fn take_surplus(&self, member: Member<'_>, most: usize) -> Vec<Entry> {
        let mut surplus = self.surplus();
        if surplus.is_empty() {
            return Vec::new();
        }
        let place = place(member);
        let Some(waiting) = surplus.get_mut(&*place) else {
            return Vec::new();
        };
        let count = waiting.len().min(most);
        let taken = waiting.drain(..count).collect();
        if waiting.is_empty() {
            surplus.remove(&*place);
        }
        taken
    }

    fn keep_surplus(&self, member: Member<'_>, most: usize, mut entries: Vec<Entry>) -> Vec<Entry> {
        if entries.len() > most {
            let rest = entries.split_off(most);
            self.surplus()
                .entry(place(member).into())
                .or_default()
                .extend(rest);
        }
        entries
    }

    fn surplus(&self) -> MutexGuard<'_, HashMap<Box<str>, VecDeque<Entry>>> {
        self.surplus.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn broken(&self) -> MutexGuard<'_, Vec<ClientName>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One consumer among all. Names have no zero bytes.
fn place(member: Member<'_>) -> String {
    [member.topic, member.group, member.consumer].join("\0")
}

/// What was requeued, and then what is new in the topic. They are read by one command, so that the wait is for both.
fn read(
    conn: &mut Conn,
    window: &Window,
    member: Member<'_>,
    most: usize,
    wait: Duration,
) -> Result<Vec<Entry>, Failure> {
    let again = keys::again(member.topic, member.group);
    let mut read = cmd("XREADGROUP");
    read.arg("GROUP").arg(member.group).arg(member.consumer);
    read.arg("COUNT").arg(most);
    if !wait.is_zero() {
        // Zero would be for ever.
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        read.arg("BLOCK").arg(millis.min(i64::MAX.unsigned_abs()));
    }
    read.arg("STREAMS").arg(&*again).arg(member.topic);
    read.arg(">").arg(">");
    let mut commands = Commands::new(0);
    commands.add(&read).add(&handled::time());
    let mut answers = commands.ask(conn)?;
    let streams = next(&mut answers)?;
    window.note_time(next(&mut answers)?)?;
    entries(streams, &again)
}

/// The entries of both streams as the server answers, one behind the other.
fn entries(streams: Value, again: &str) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for stream in answer::list(streams)? {
        let mut parts = answer::list(stream)?.into_iter();
        let key = answer::bytes(next(&mut parts)?)?;
        let is_again = key.as_deref() == Some(again.as_bytes());
        let mut some = fields::entries(next(&mut parts)?)?;
        for entry in &mut some {
            entry.deliveries = 1;
            if is_again {
                entry.id = entry.id.in_redelivery();
            }
        }
        if entries.is_empty() {
            entries = some;
        } else {
            entries.append(&mut some);
        }
    }
    Ok(entries)
}
