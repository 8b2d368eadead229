//! A group of a topic in memory.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::{Timestamp, Uuid};

use super::topic::Stored;
use crate::ascending::Ascending;
use crate::deadline;
use crate::transport::{
    Entry, EntryId, GroupStatus, Progress, Queue, ReceiverState, Settlement, Standing,
};

pub(super) struct Group {
    /// The number of the next entry that it is given.
    position: u64,
    pending: Ascending<EntryId, Pending>,
    /// What was requeued and is not finished, by its number.
    again: BTreeMap<u64, Stored>,
    /// What was requeued and is not handed out.
    waiting: VecDeque<u64>,
    last_again: u64,
    leader: Option<Leader>,
    handled: Handled,
}

struct Pending {
    consumer: Arc<str>,
    touched: Instant,
    deliveries: u64,
    progress: Vec<Progress>,
}

struct Leader {
    consumer: Box<str>,
    until: Instant,
}

impl Group {
    pub(super) fn new(position: u64, duplicate_window: Duration) -> Self {
        Self {
            position,
            pending: Ascending::default(),
            again: BTreeMap::new(),
            waiting: VecDeque::new(),
            last_again: 0,
            leader: None,
            handled: Handled::new(duplicate_window),
        }
    }

    pub(super) fn lead(&mut self, consumer: &str, lease: Duration) -> Standing {
        let now = Instant::now();
        match &mut self.leader {
            Some(leader) if *leader.consumer != *consumer && leader.until > now => {
                Standing::Standby
            }
            Some(leader) if *leader.consumer == *consumer => {
                leader.until = deadline::after(lease);
                Standing::Active
            }
            _ => {
                self.leader = Some(Leader {
                    consumer: consumer.into(),
                    until: deadline::after(lease),
                });
                Standing::Active
            }
        }
    }

    pub(super) fn is_led_by(&self, consumer: &str) -> bool {
        self.leader
            .as_ref()
            .is_some_and(|leader| *leader.consumer == *consumer && leader.until > Instant::now())
    }

    pub(super) fn leave(&mut self, consumer: &str) {
        if let Some(leader) = &self.leader
            && *leader.consumer == *consumer
        {
            self.leader = None;
        }
        let nobody: Arc<str> = Arc::from("");
        for pending in self.pending.values_mut() {
            if *pending.consumer == *consumer {
                pending.consumer = Arc::clone(&nobody);
            }
        }
    }

    pub(super) fn take_over(
        &mut self,
        consumer: &str,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
        stored: impl Fn(u64) -> Option<Stored>,
    ) -> Vec<Entry> {
        let now = Instant::now();
        let consumer: Arc<str> = consumer.into();
        let mut entries = Vec::new();
        let mut gone = Vec::new();
        for (id, pending) in self.pending.behind_mut(behind) {
            if entries.len() == most {
                break;
            }
            let others = *pending.consumer != *consumer && !pending.consumer.is_empty();
            if others && now.duration_since(pending.touched) < idle {
                continue;
            }
            let found = match id.queue() {
                Queue::Redelivery => self.again.get(&id.major()).cloned(),
                Queue::Topic => stored(id.major()),
            };
            let Some(found) = found else {
                gone.push(id);
                continue;
            };
            pending.consumer = Arc::clone(&consumer);
            pending.touched = now;
            pending.deliveries += 1;
            let mut entry =
                Entry::new(id, found.at, Ok(found.record)).delivered(pending.deliveries);
            entry.progress.clone_from(&pending.progress);
            entries.push(entry);
        }
        for id in gone {
            self.pending.remove(id);
        }
        entries
    }

    pub(super) fn has_nothing(&self, next: u64) -> bool {
        self.waiting.is_empty() && self.position >= next
    }

    pub(super) fn receive_again(&mut self, consumer: &str, most: usize) -> Vec<Entry> {
        let now = Instant::now();
        let count = self.waiting.len().min(most);
        let numbers: Vec<_> = self.waiting.drain(..count).collect();
        numbers
            .into_iter()
            .filter_map(|number| {
                let stored = self.again.get(&number)?.clone();
                let id = EntryId::new(number, 0).in_redelivery();
                self.pend(consumer, id, now);
                Some(Entry::new(id, stored.at, Ok(stored.record)).delivered(1))
            })
            .collect()
    }

    /// The numbers of the next entries that it is given.
    pub(super) fn take_new(&mut self, first: u64, next: u64, most: usize) -> Range<u64> {
        let from = self.position.max(first);
        let to = next.min(from.saturating_add(most as u64)).max(from);
        self.position = to;
        from..to
    }

    pub(super) fn deliver(
        &mut self,
        consumer: &str,
        number: u64,
        stored: &Stored,
        now: Instant,
    ) -> Entry {
        let id = EntryId::new(number, 0);
        self.pend(consumer, id, now);
        let mut entry = Entry::new(id, stored.at, Ok(stored.record.clone())).delivered(1);
        if stored.record.requeued.is_none() {
            entry.handled_by = self.handled.by(stored.record.metadata.id());
        }
        entry
    }

    fn pend(&mut self, consumer: &str, id: EntryId, now: Instant) {
        // Consecutive entries share the name.
        let last = self.pending.last().map(|last| &last.consumer);
        let consumer = match last {
            Some(last) if **last == *consumer => Arc::clone(last),
            _ => consumer.into(),
        };
        let pending = Pending {
            consumer,
            touched: now,
            deliveries: 1,
            progress: Vec::new(),
        };
        self.pending.insert(id, pending);
    }

    pub(super) fn extend(&mut self, consumer: &str, entries: &[EntryId]) {
        let now = Instant::now();
        for id in entries {
            if let Some(pending) = self.pending.get_mut(*id)
                && *pending.consumer == *consumer
            {
                pending.touched = now;
            }
        }
    }

    /// Whether the entry was pending.
    pub(super) fn settle(&mut self, settlement: &Settlement) -> bool {
        let id = settlement.entry;
        if settlement.finished {
            if self.pending.remove(id).is_none() {
                return false;
            }
            if id.queue() == Queue::Redelivery {
                self.again.remove(&id.major());
            }
            if let Some(event_id) = settlement.event_id {
                self.handled.note(event_id, &settlement.handled_by);
            }
            return true;
        }
        let Some(pending) = self.pending.get_mut(id) else {
            return false;
        };
        let handled = settlement
            .handled_by
            .iter()
            .map(|receiver| Progress::new(Arc::clone(receiver), ReceiverState::Handled));
        pending.progress = handled.chain(settlement.progress.iter().cloned()).collect();
        true
    }

    pub(super) fn requeue(&mut self, stored: Stored) {
        self.last_again += 1;
        self.again.insert(self.last_again, stored);
        self.waiting.push_back(self.last_again);
    }

    /// The first entry of the topic that it has not finished.
    pub(super) fn first_unfinished(&self) -> u64 {
        let pending = self.pending.first_from(EntryId::new(0, 0));
        pending.map_or(self.position, |id| id.major().min(self.position))
    }

    /// Entries before this one are gone.
    pub(super) fn forget_before(&mut self, first: u64) {
        self.position = self.position.max(first);
        self.pending
            .retain(|id| id.queue() == Queue::Redelivery || id.major() >= first);
    }

    pub(super) fn status(
        &self,
        name: &str,
        next: u64,
        published: impl Fn(u64) -> Option<Timestamp>,
    ) -> GroupStatus {
        let again = self.again.len() as u64;
        let pending = self.pending.keys();
        let pending = pending.filter(|id| id.queue() == Queue::Topic).count() as u64;
        let mut status = GroupStatus::new(name);
        status.unread = Some(next.saturating_sub(self.position));
        status.pending = pending;
        status.requeued = again;
        status.oldest_unfinished = published(self.first_unfinished());
        status.leader = self
            .leader
            .as_ref()
            .filter(|leader| leader.until > Instant::now())
            .map(|leader| leader.consumer.to_string());
        status
    }
}

/// So many events are remembered at most, however long the window is: memory is finite.
const MOST_HANDLED: usize = 100_000;

/// Which receivers handled an event, for the time of the duplicate window.
struct Handled {
    window: Duration,
    by_event: HashMap<Uuid, By>,
    by_age: VecDeque<Uuid>,
}

/// Who handled an event first, and then.
struct By {
    since: Instant,
    receivers: Arc<[Arc<str>]>,
}

impl Handled {
    fn new(window: Duration) -> Self {
        Self {
            window,
            by_event: HashMap::new(),
            by_age: VecDeque::new(),
        }
    }

    fn by(&self, event: Uuid) -> Vec<Arc<str>> {
        match self.by_event.get(&event) {
            Some(by) if by.since.elapsed() <= self.window => by.receivers.to_vec(),
            _ => Vec::new(),
        }
    }

    fn note(&mut self, event: Uuid, receivers: &Arc<[Arc<str>]>) {
        if self.window.is_zero() || receivers.is_empty() {
            return;
        }
        let now = Instant::now();
        self.forget(now);
        match self.by_event.entry(event) {
            MapEntry::Vacant(place) => {
                place.insert(By {
                    since: now,
                    receivers: Arc::clone(receivers),
                });
                self.by_age.push_back(event);
            }
            MapEntry::Occupied(mut place) => {
                let known = &mut place.get_mut().receivers;
                let new = receivers.iter().filter(|new| !known.contains(new));
                *known = known.iter().chain(new).cloned().collect();
            }
        }
    }

    /// Makes room for one event.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.by_age.front() {
            let is_old = self
                .by_event
                .get(oldest)
                .is_none_or(|by| now.duration_since(by.since) > self.window);
            if !is_old && self.by_age.len() < MOST_HANDLED {
                return;
            }
            self.by_event.remove(oldest);
            self.by_age.pop_front();
        }
    }
}
