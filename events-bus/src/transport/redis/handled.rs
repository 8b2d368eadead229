//! Receivers that handled an event, for the time of the duplicate window.
//!
//! Time is cut into stretches of two windows, by the server's clock. Each stretch has a hash that expires. An event is noted in the
//! stretch in which it was handled. It is looked up in the present stretch, and in the one before if a window reaches into it. So
//! forgetting costs nothing, and half of the time there is one place to look.
//!
//! In the hash, the 16 bytes of an event's id are the field. The value is the ids of its receivers, one a line, or a code of nine
//! bytes that begins with 1. A code is the field of such a list. Nearly all events of a topic are handled by one of few lists.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{Value, cmd};

use events_core::{Timestamp, Uuid};

use super::commands::{Commands, next};
use super::connection::Conn;
use super::failure::Failure;
use super::{answer, keys};
use crate::transport::{Entry, EntryId, Member};

/// Separator of the ids of receivers. They have no line breaks.
const SEPARATOR: &str = "\n";

/// First byte of the codes of lists.
const CODE: u8 = 1;

/// The longest window, in milliseconds: a hundred years, which servers can count.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60 * 1000;

/// Maximum number of a group's duplicates that are remembered between handing them out and settling them.
const MOST_DUPLICATES: usize = 10_000;

/// The duplicate window, by the server's clock.
#[derive(Debug)]
pub(super) struct Window {
    millis: u64,
    begun: Instant,
    /// The server's time when the transport was opened, in milliseconds since 1970. 0 if it was not asked yet.
    server: AtomicU64,
    /// Entries that were handed out as duplicates, by topic and group. Their receivers are added to the known ones.
    duplicates: Mutex<HashMap<Box<str>, BTreeSet<EntryId>>>,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            millis: u64::try_from(length.as_millis())
                .unwrap_or(LONGEST)
                .clamp(u64::from(!length.is_zero()), LONGEST),
            begun: Instant::now(),
            server: AtomicU64::new(0),
            duplicates: Mutex::default(),
        }
    }

    /// Returns `true` if nothing is remembered.
    pub(super) fn is_zero(&self) -> bool {
        self.millis == 0
    }

    /// Returns the time for which a stretch is kept after something was noted in it, in milliseconds.
    pub(super) fn expiry(&self) -> u64 {
        // It is needed for a window after the stretch, which has not ended. The minute is for clocks that are read at different
        // moments.
        self.stretch() + self.millis + 60_000
    }

    fn stretch(&self) -> u64 {
        self.millis * 2
    }

    /// Notes the server's answer to `TIME`, and returns it in milliseconds since 1970.
    pub(super) fn note_time(&self, answer: Value) -> Result<u64, Failure> {
        let mut parts = answer::list(answer)?.into_iter();
        let seconds = answer::number(next(&mut parts)?)?;
        let micros = answer::number(next(&mut parts)?)?;
        let now = seconds.saturating_mul(1000).saturating_add(micros / 1000);
        let base = now.saturating_sub(self.elapsed());
        self.server.store(base, Ordering::Relaxed);
        Ok(now)
    }

    /// Asks for the server's time, in milliseconds since 1970.
    pub(super) fn now(&self, conn: &mut Conn) -> Result<u64, Failure> {
        self.note_time(conn.ask(&time())?)
    }

    /// Returns `true` if the server's time is known.
    pub(super) fn has_time(&self) -> bool {
        self.server.load(Ordering::Relaxed) != 0
    }

    /// Returns the number of the present stretch.
    pub(super) fn bucket(&self) -> u64 {
        self.time() / self.stretch().max(1)
    }

    /// Returns the stretches in which an event may have been handled within the window: the present one, and perhaps the one before.
    fn buckets(&self) -> impl Iterator<Item = u64> + Clone + use<> {
        let (time, stretch) = (self.time(), self.stretch().max(1));
        let present = time / stretch;
        let reaches_back = time % stretch < self.millis && present > 0;
        [Some(present), reaches_back.then(|| present - 1)]
            .into_iter()
            .flatten()
    }

    /// Returns the server's time, as far as it is known.
    fn time(&self) -> u64 {
        let base = match self.server.load(Ordering::Relaxed) {
            // Nothing was received yet: this clock will not be far from the server's.
            0 => u64::try_from(Timestamp::now().as_micros() / 1000)
                .unwrap_or_default()
                .saturating_sub(self.elapsed()),
            base => base,
        };
        base.saturating_add(self.elapsed())
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the hashes of the stretches that are still remembered.
    pub(super) fn keys(&self, member: Member<'_>) -> Vec<String> {
        if self.is_zero() {
            return Vec::new();
        }
        let key = |bucket| keys::handled(member.topic, member.group, bucket);
        self.buckets().map(key).collect()
    }

    /// Writes into entries which receivers handled their events in other entries.
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
                // A requeued record is not a duplicate.
                let is_first = record.requeued.is_none();
                is_first.then(|| (index, record.metadata.id()))
            })
            .collect();
        if self.is_zero() || events.is_empty() {
            return Ok(());
        }
        let buckets = self.buckets();
        let mut commands = Commands::with_room(events.len() * 48);
        for bucket in buckets.clone() {
            let mut get = redis::Cmd::with_capacity(events.len() + 2, events.len() * 16 + 200);
            get.arg("HMGET")
                .arg(keys::handled(member.topic, member.group, bucket));
            for (_, event) in &events {
                get.arg(event.as_bytes().as_slice());
            }
            commands.add(&get);
        }
        let mut found = Vec::new();
        for (bucket, answer) in buckets.zip(commands.ask(conn)?) {
            for ((index, _), receivers) in events.iter().zip(answer::list(answer)?) {
                if let Some(receivers) = answer::bytes(receivers)? {
                    found.push((bucket, *index, receivers));
                }
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let lists = lists(conn, member, &found)?;
        for (bucket, index, receivers) in found {
            let receivers = lists
                .get(&(bucket, receivers.clone()))
                .unwrap_or(&receivers);
            let known = &mut entries[index].handled_by;
            for receiver in String::from_utf8_lossy(receivers).split(SEPARATOR) {
                if !receiver.is_empty() && !known.iter().any(|known| **known == *receiver) {
                    known.push(Arc::from(receiver));
                }
            }
        }
        let duplicates = entries.iter().filter(|entry| !entry.handled_by.is_empty());
        self.note_duplicates(member, duplicates.map(|entry| entry.id));
        Ok(())
    }

    fn note_duplicates(&self, member: Member<'_>, entries: impl Iterator<Item = EntryId>) {
        let mut duplicates = self.duplicates();
        let of_group = duplicates.entry(place(member)).or_default();
        if of_group.len() > MOST_DUPLICATES {
            // They were never settled here, but by somebody else.
            of_group.clear();
        }
        of_group.extend(entries);
    }

    /// Returns `true` if some of the entries were handed out as duplicates.
    pub(super) fn has_duplicates(
        &self,
        member: Member<'_>,
        mut entries: impl Iterator<Item = EntryId>,
    ) -> bool {
        let duplicates = self.duplicates();
        !duplicates.is_empty()
            && duplicates
                .get(&place(member))
                .is_some_and(|known| entries.any(|entry| known.contains(&entry)))
    }

    /// Notes that entries are settled.
    pub(super) fn forget_duplicates(
        &self,
        member: Member<'_>,
        entries: impl Iterator<Item = EntryId>,
    ) {
        let mut duplicates = self.duplicates();
        if let Some(known) = duplicates.get_mut(&place(member)) {
            for entry in entries {
                known.remove(&entry);
            }
            if known.is_empty() {
                duplicates.remove(&place(member));
            }
        }
    }

    fn duplicates(&self) -> MutexGuard<'_, HashMap<Box<str>, BTreeSet<EntryId>>> {
        self.duplicates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a name for a group among all. Names have no zero bytes.
fn place(member: Member<'_>) -> Box<str> {
    [member.topic, member.group].join("\0").into()
}

/// A code, with the stretch that it belongs to.
type Code = (u64, Vec<u8>);

/// Reads the lists of codes.
fn lists(
    conn: &mut Conn,
    member: Member<'_>,
    found: &[(u64, usize, Vec<u8>)],
) -> Result<BTreeMap<Code, Vec<u8>>, Failure> {
    let codes: BTreeSet<_> = found
        .iter()
        .filter(|(.., receivers)| receivers.first() == Some(&CODE))
        .map(|(bucket, _, code)| (*bucket, code.clone()))
        .collect();
    let mut commands = Commands::new(0);
    for (bucket, code) in &codes {
        let mut get = cmd("HGET");
        get.arg(keys::handled(member.topic, member.group, *bucket));
        commands.add(get.arg(code.as_slice()));
    }
    let mut lists = BTreeMap::new();
    for (code, answer) in codes.into_iter().zip(commands.ask(conn)?) {
        // A list that is gone has expired just now.
        lists.insert(code, answer::bytes(answer)?.unwrap_or_default());
    }
    Ok(lists)
}

/// Returns a list of receivers as it is stored, and its code.
pub(super) fn list(receivers: &[Arc<str>]) -> (String, [u8; 9]) {
    let list = receivers.join(SEPARATOR);
    // The same list may have several codes: the hash may be another one in another version of this program.
    let mut hasher = DefaultHasher::new();
    hasher.write(list.as_bytes());
    let mut code = [CODE; 9];
    code[1..].copy_from_slice(&hasher.finish().to_be_bytes());
    (list, code)
}

/// Returns the command that asks for the server's time.
pub(super) fn time() -> redis::Cmd {
    cmd("TIME")
}
