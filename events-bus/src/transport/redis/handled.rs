//! Which receivers handled an event, for the time of the duplicate window.
//!
//! Time is cut into stretches as long as the window, by the server's clock; each has a hash that expires. An event is noted in the
//! stretch in which it was handled, and looked for in the present one and the one before: so it is remembered for one to two
//! windows, and what is forgotten costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::{Value, cmd};

use events_core::{Timestamp, Uuid};

use super::commands::{Commands, next};
use super::connection::Conn;
use super::failure::Failure;
use super::{answer, keys};
use crate::transport::{Entry, Member};

/// What separates the ids of receivers. They have no line breaks.
pub(super) const SEPARATOR: char = '\n';

/// The window, and where the server's clock is in it.
#[derive(Debug)]
pub(super) struct Window {
    millis: u64,
    begun: Instant,
    /// The server's time when the transport was opened, in milliseconds since 1970; 0 while it was never asked.
    server: AtomicU64,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            millis: u64::try_from(length.as_millis())
                .unwrap_or(u64::MAX / 4)
                .min(u64::MAX / 4)
                .max(u64::from(!length.is_zero())),
            begun: Instant::now(),
            server: AtomicU64::new(0),
        }
    }

    /// Nothing is remembered.
    pub(super) fn is_zero(&self) -> bool {
        self.millis == 0
    }

    /// How long a stretch is kept after something was noted in it, in milliseconds.
    pub(super) fn expiry(&self) -> u64 {
        // The minute is for clocks that are read at different moments.
        self.millis * 2 + 60_000
    }

    /// Takes the server's answer to `TIME` in, and gives it back in milliseconds since 1970.
    pub(super) fn note_time(&self, answer: Value) -> Result<u64, Failure> {
        let mut parts = answer::list(answer)?.into_iter();
        let seconds = answer::number(next(&mut parts)?)?;
        let micros = answer::number(next(&mut parts)?)?;
        let now = seconds.saturating_mul(1000).saturating_add(micros / 1000);
        let base = now.saturating_sub(self.elapsed());
        self.server.store(base, Ordering::Relaxed);
        Ok(now)
    }

    /// The server's time in milliseconds since 1970.
    pub(super) fn now(&self, conn: &mut Conn) -> Result<u64, Failure> {
        self.note_time(conn.ask(&time())?)
    }

    /// The number of the present stretch.
    pub(super) fn bucket(&self) -> u64 {
        let base = match self.server.load(Ordering::Relaxed) {
            // Nothing was received yet: this clock will not be far from the server's.
            0 => u64::try_from(Timestamp::now().as_micros() / 1000)
                .unwrap_or_default()
                .saturating_sub(self.elapsed()),
            base => base,
        };
        base.saturating_add(self.elapsed()) / self.millis.max(1)
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Writes into entries who handled their events in other entries.
    pub(super) fn look_up(
        &self,
        conn: &mut Conn,
        member: Member<'_>,
        entries: &mut [Entry],
    ) -> Result<(), Failure> {
        let events: Vec<(usize, Uuid)> = entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let record = entry.record.as_ref().ok()?;
                // What is handled once more on purpose is no duplicate.
                let is_first = record.again.is_none();
                is_first.then(|| (index, record.metadata.id()))
            })
            .collect();
        if self.is_zero() || events.is_empty() {
            return Ok(());
        }
        let bucket = self.bucket();
        let mut commands = Commands::new(0);
        for bucket in [bucket, bucket.saturating_sub(1)] {
            let mut get = redis::Cmd::with_capacity(events.len() + 2, events.len() * 16 + 200);
            get.arg("HMGET")
                .arg(keys::handled(member.topic, member.group, bucket));
            for (_, event) in &events {
                get.arg(event.as_bytes().as_slice());
            }
            commands.add(&get);
        }
        for answer in commands.ask(conn)? {
            let lists = answer::list(answer)?;
            for ((index, _), receivers) in events.iter().zip(lists) {
                let Some(receivers) = answer::bytes(receivers)? else {
                    continue;
                };
                let known = &mut entries[*index].handled_by;
                for receiver in String::from_utf8_lossy(&receivers).split(SEPARATOR) {
                    if !receiver.is_empty() && !known.iter().any(|known| **known == *receiver) {
                        known.push(Arc::from(receiver));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The question for the server's time.
pub(super) fn time() -> redis::Cmd {
    cmd("TIME")
}
