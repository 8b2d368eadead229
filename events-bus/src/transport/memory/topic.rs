//! A topic in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use events_core::Timestamp;

use super::Limits;
use super::group::Group;
use crate::record::Record;
use crate::transport::{
    DeadLetter, Entry, EntryId, Member, Position, Queue, Retention, Sequence, Settlement, Standing,
    Start, TopicStatus, TransportError, TransportErrorKind, Trimmed,
};

pub(super) struct Topic {
    limits: Limits,
    state: Mutex<State>,
    /// Something was published or requeued.
    arrived: Condvar,
    /// Something was removed.
    room: Condvar,
}

/// What a topic holds. Entries are numbered from 1 on, without gaps.
pub(super) struct State {
    log: VecDeque<Stored>,
    /// The number of the first entry in `log`.
    first: u64,
    groups: BTreeMap<String, Group>,
    dead: BTreeMap<u64, DeadLetter>,
    last_dead: u64,
    /// The largest number that each outbox has published.
    outboxes: HashMap<String, u64>,
    /// How many threads wait for something to arrive. Without one, nobody needs to be woken, which would cost a system call.
    waiting: usize,
}

#[derive(Clone)]
pub(super) struct Stored {
    pub(super) at: Timestamp,
    pub(super) record: Record,
}

impl State {
    /// The number that the next entry gets.
    pub(super) fn next(&self) -> u64 {
        self.first + self.log.len() as u64
    }

    pub(super) fn get(&self, number: u64) -> Option<&Stored> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.log.get(index)
    }

    /// The first entry that some group has not finished. Without groups, there is nobody to finish anything.
    fn first_unfinished(&self) -> u64 {
        let next = self.next();
        self.groups
            .values()
            .map(Group::first_unfinished)
            .min()
            .unwrap_or(next)
    }

    /// Takes out the first ones, for being dropped without the lock.
    fn take_first(&mut self, count: u64) -> Vec<Stored> {
        let index = usize::try_from(count).unwrap_or(usize::MAX);
        self.first += count;
        self.log.drain(..index.min(self.log.len())).collect()
    }
}

impl Topic {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::new(State {
                log: VecDeque::new(),
                first: 1,
                groups: BTreeMap::new(),
                dead: BTreeMap::new(),
                last_dead: 0,
                outboxes: HashMap::new(),
                waiting: 0,
            }),
            arrived: Condvar::new(),
            room: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock but the allocator.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        self.lock().groups.contains_key(group)
    }

    pub(super) fn publish(
        &self,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, TransportError> {
        let mut state = self.room_for(records.len())?;
        let at = Timestamp::now();
        let done = sequence.map_or(0, |sequence| {
            state
                .outboxes
                .get(sequence.outbox)
                .copied()
                .unwrap_or_default()
        });
        let mut ids = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let number = sequence.and_then(|sequence| sequence.numbers.get(index).copied());
            if number.is_some_and(|number| number <= done) {
                ids.push(None);
                continue;
            }
            ids.push(Some(EntryId::new(state.next(), 0)));
            let record = record.clone();
            state.log.push_back(Stored { at, record });
        }
        if let Some(sequence) = sequence
            && let Some(last) = sequence.numbers.last()
        {
            let outbox = sequence.outbox.to_owned();
            state.outboxes.insert(outbox, done.max(*last));
        }
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.arrived.notify_all();
        }
        Ok(ids)
    }

    /// Waits until so many more entries fit in.
    fn room_for(&self, count: usize) -> Result<MutexGuard<'_, State>, TransportError> {
        let fits = |state: &mut State| {
            // What is larger than everything goes in when nothing else is there.
            let size = state.log.len();
            size == 0 || size.saturating_add(count) <= self.limits.capacity
        };
        let mut state = self.lock();
        if fits(&mut state) {
            return Ok(state);
        }
        let (mut state, _) = self
            .room
            .wait_timeout_while(state, self.limits.wait, |state| !fits(state))
            .unwrap_or_else(PoisonError::into_inner);
        if fits(&mut state) {
            return Ok(state);
        }
        Err(TransportError::new(
            TransportErrorKind::Full,
            "memory",
            format!(
                "{} entries wait already, which is as many as there may be, and none left in {:?}",
                state.log.len(),
                self.limits.wait
            ),
        ))
    }

    pub(super) fn join(&self, name: &str, start: Start) {
        let mut state = self.lock();
        let position = match start {
            Start::Now => state.next(),
            Start::Beginning => state.first,
        };
        let window = self.limits.duplicate_window;
        state
            .groups
            .entry(name.to_owned())
            .or_insert_with(|| Group::new(position, window));
    }

    pub(super) fn lead(&self, member: Member<'_>, lease: Duration) -> Standing {
        let mut state = self.lock();
        match state.groups.get_mut(member.group) {
            Some(group) => group.lead(member.consumer, lease),
            None => Standing::Standby,
        }
    }

    pub(super) fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Vec<Entry> {
        let mut state = self.lock();
        let State {
            groups, log, first, ..
        } = &mut *state;
        let Some(group) = groups.get_mut(member.group) else {
            return Vec::new();
        };
        group.take_over(member.consumer, behind, idle, most, |number| {
            let index = usize::try_from(number.checked_sub(*first)?).ok()?;
            log.get(index).cloned()
        })
    }

    pub(super) fn receive(&self, member: Member<'_>, most: usize, wait: Duration) -> Vec<Entry> {
        let mut state = self.lock();
        let nothing = |state: &mut State| {
            let next = state.next();
            state
                .groups
                .get(member.group)
                .is_some_and(|group| group.has_nothing(next))
        };
        if nothing(&mut state) {
            if wait.is_zero() {
                return Vec::new();
            }
            state.waiting += 1;
            state = self
                .arrived
                .wait_timeout_while(state, wait, nothing)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.waiting -= 1;
        }
        let (first, next) = (state.first, state.next());
        let State { groups, log, .. } = &mut *state;
        let Some(group) = groups.get_mut(member.group) else {
            return Vec::new();
        };
        let mut entries = group.receive_again(member.consumer, most);
        let from = group.take_new(first, next, most - entries.len());
        let now = Instant::now();
        for number in from {
            let index = usize::try_from(number - first).unwrap_or(usize::MAX);
            if let Some(stored) = log.get(index) {
                entries.push(group.deliver(member.consumer, number, stored, now));
            }
        }
        entries
    }

    pub(super) fn extend(&self, member: Member<'_>, entries: &[EntryId]) {
        if let Some(group) = self.lock().groups.get_mut(member.group) {
            group.extend(member.consumer, entries);
        }
    }

    pub(super) fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), TransportError> {
        let mut state = self.lock();
        let Some(group) = state.groups.get_mut(member.group) else {
            return Ok(());
        };
        if leading && !group.is_led_by(member.consumer) {
            return Err(TransportError::new(
                TransportErrorKind::LostLease,
                "memory",
                format!(
                    "`{}` no longer leads group `{}` of topic `{}`",
                    member.consumer, member.group, member.topic
                ),
            ));
        }
        let mut dead = Vec::new();
        for settlement in settlements {
            if group.settle(settlement) {
                dead.extend(settlement.dead.iter().cloned());
            }
        }
        for letter in dead {
            state.last_dead += 1;
            let number = state.last_dead;
            state.dead.insert(number, letter);
        }
        let beyond = state.log.len().saturating_sub(self.limits.kept) as u64;
        let finished = state.first_unfinished() - state.first;
        let gone = state.take_first(finished.min(beyond));
        drop(state);
        if !gone.is_empty() {
            self.room.notify_all();
        }
        Ok(())
    }

    pub(super) fn leave(&self, member: Member<'_>) {
        if let Some(group) = self.lock().groups.get_mut(member.group) {
            group.leave(member.consumer);
        }
    }

    pub(super) fn requeue(&self, group: &str, records: &[Record]) {
        let at = Timestamp::now();
        if let Some(group) = self.lock().groups.get_mut(group) {
            for record in records {
                let record = record.clone();
                group.requeue(Stored { at, record });
            }
        }
        self.arrived.notify_all();
    }

    pub(super) fn status(&self, name: &str) -> TopicStatus {
        let state = self.lock();
        let mut status = TopicStatus::new(name);
        status.entries = state.log.len() as u64;
        status.dead_letters = state.dead.len() as u64;
        if !state.log.is_empty() {
            status.oldest = Some(EntryId::new(state.first, 0));
            status.newest = Some(EntryId::new(state.next() - 1, 0));
        }
        let published = |number: u64| state.get(number).map(|stored| stored.at);
        status.groups = state
            .groups
            .iter()
            .map(|(name, group)| group.status(name, state.next(), published))
            .collect();
        status
    }

    pub(super) fn read(&self, from: Position, most: usize) -> Vec<Entry> {
        let state = self.lock();
        let from = match from {
            Position::Oldest => state.first,
            Position::At(id) => id.major() + u64::from(id.minor() > 0),
            Position::After(id) => id.major().saturating_add(1),
            Position::Time(time) => {
                state.first + state.log.partition_point(|stored| stored.at < time) as u64
            }
        };
        (from.max(state.first)..state.next())
            .take(most)
            .filter_map(|number| {
                let stored = state.get(number)?;
                let id = EntryId::new(number, 0);
                Some(Entry::new(id, stored.at, Ok(stored.record.clone())))
            })
            .collect()
    }

    pub(super) fn dead_letters(
        &self,
        behind: Option<EntryId>,
        most: usize,
    ) -> Vec<(EntryId, DeadLetter)> {
        let from = behind.map_or(0, |id| id.major().saturating_add(1));
        let state = self.lock();
        let letters = state.dead.range(from..).take(most);
        letters
            .map(|(number, letter)| (EntryId::new(*number, 0), letter.clone()))
            .collect()
    }

    pub(super) fn drop_dead_letters(&self, ids: &[EntryId]) -> u64 {
        let mut state = self.lock();
        let there = ids
            .iter()
            .filter(|id| id.queue() == Queue::Topic && state.dead.remove(&id.major()).is_some());
        there.count() as u64
    }

    pub(super) fn trim(&self, retention: Retention) -> Trimmed {
        let mut state = self.lock();
        let length = state.log.len() as u64;
        let micros = i64::try_from(retention.age.as_micros()).unwrap_or(i64::MAX);
        let oldest_kept = Timestamp::now().as_micros().saturating_sub(micros);
        let aged = state
            .log
            .partition_point(|stored| stored.at.as_micros() < oldest_kept)
            as u64;
        let beyond = length.saturating_sub(retention.entries);
        let finished = state.first_unfinished() - state.first;
        let handled = beyond.min(aged).min(finished);
        let lost = retention
            .lose_unread_beyond
            .map_or(0, |most| length.saturating_sub(most));
        let gone = handled.max(lost);
        let records = state.take_first(gone);
        let first = state.first;
        for group in state.groups.values_mut() {
            group.forget_before(first);
        }
        drop(state);
        drop(records);
        self.room.notify_all();
        Trimmed {
            entries: gone,
            unread: gone.saturating_sub(finished),
        }
    }

    pub(super) fn forget(&self, group: &str) -> bool {
        self.lock().groups.remove(group).is_some()
    }
}
