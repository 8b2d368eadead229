//! A transport that hands out so many entries, and no more: what is taken from a bus and not handled would have to wait for its
//! next consumer.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::Record;
use events_bus::transport::{
    DeadLetter, Entry, EntryId, Member, Position, Retention, Sequence, Settlement, SharedTransport,
    Standing, Start, TopicStatus, Transport, TransportError, Trimmed, names,
};

/// How often it looks for something new: several topics share the limit, so none may hold it while it waits.
const POLL: Duration = Duration::from_millis(10);

/// The transport, with a limit.
#[derive(Debug)]
pub(super) struct Limited {
    inner: SharedTransport,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many more entries may be handed out.
    left: u64,
    /// Those that were, by topic: they may be handed out again.
    given: HashSet<(String, EntryId)>,
}

impl Limited {
    pub(super) fn new(inner: SharedTransport, limit: u64) -> Self {
        let state = State {
            left: limit,
            given: HashSet::new(),
        };
        Self {
            inner,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many of `most` may be asked for.
    fn room(&self, most: usize) -> usize {
        usize::try_from(self.left).unwrap_or(usize::MAX).min(most)
    }

    fn note(&mut self, topic: &str, entries: &[Entry]) {
        for entry in entries {
            if self.given.insert((topic.to_owned(), entry.id)) {
                self.left = self.left.saturating_sub(1);
            }
        }
    }
}

impl Transport for Limited {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        if names::is_internal(member.topic) {
            return self.inner.take_over(member, behind, idle, most);
        }
        let mut state = self.state();
        let room = state.room(most);
        if room > 0 {
            let entries = self.inner.take_over(member, behind, idle, room)?;
            state.note(member.topic, &entries);
            return Ok(entries);
        }
        // What it had before, it has to get again.
        let mut entries = self.inner.take_over(member, behind, idle, most)?;
        entries.retain(|entry| state.given.contains(&(member.topic.to_owned(), entry.id)));
        Ok(entries)
    }

    fn receive(
        &self,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        if names::is_internal(member.topic) {
            return self.inner.receive(member, most, wait);
        }
        let deadline = Instant::now() + wait;
        loop {
            {
                let mut state = self.state();
                let room = state.room(most);
                if room > 0 {
                    let mut entries = self.inner.receive(member, room, Duration::ZERO)?;
                    // It may be so many of each of the two queues. What is over stays pending, for the next consumer.
                    entries.truncate(room);
                    if !entries.is_empty() {
                        state.note(member.topic, &entries);
                        return Ok(entries);
                    }
                }
                if room == 0 || Instant::now() >= deadline {
                    // There will be nothing more where there is no room: whoever asks may find that it is to stop.
                    drop(state);
                    thread::sleep(POLL.min(wait));
                    return Ok(Vec::new());
                }
            }
            thread::sleep(POLL);
        }
    }

    fn publish(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, TransportError> {
        self.inner.publish(topic, records, sequence)
    }

    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.inner.join(topic, group, start)
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Standing, TransportError> {
        self.inner.lead(member, lease)
    }

    fn extend(&self, member: Member<'_>, entries: &[EntryId]) -> Result<(), TransportError> {
        self.inner.extend(member, entries)
    }

    fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), TransportError> {
        self.inner.settle(member, settlements, leading)
    }

    fn leave(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.inner.leave(member)
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        self.inner.requeue(topic, group, records)
    }

    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError> {
        self.inner.topics()
    }

    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        self.inner.status(topic)
    }

    fn read(&self, topic: &str, from: Position, most: usize) -> Result<Vec<Entry>, TransportError> {
        self.inner.read(topic, from, most)
    }

    fn dead_letters(
        &self,
        topic: &str,
        behind: Option<EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        self.inner.dead_letters(topic, behind, most)
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        self.inner.drop_dead_letters(topic, ids)
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        self.inner.trim(topic, retention)
    }

    fn forget(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        self.inner.forget(topic, group)
    }
}
