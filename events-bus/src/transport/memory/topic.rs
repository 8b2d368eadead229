//! A topic in memory.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use events_core::Timestamp;

use super::group::Group;
use super::state::{State, Stored};
use super::{Limits, NAME};
use crate::record::Record;
use crate::transport::{
    Batch, Claim, Claimed, Entry, EntryId, Leadership, Limit, Member, Receipt, RetryId, RetryState,
    Settlement, Start, TransportError, TransportErrorKind, rules,
};

pub(super) struct Topic {
    limits: Limits,
    state: Mutex<State>,
    /// Signals that something was published or requeued.
    arrived: Condvar,
    /// Signals that something was removed.
    pub(super) room: Condvar,
}

impl Topic {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::new(State::new()),
            arrived: Condvar::new(),
            room: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock but the allocator.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        self.lock().groups.contains_key(group)
    }

    pub(super) fn publish(&self, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        let mut state = self.room_for(records.len())?;
        let at = Timestamp::now();
        let ids = records
            .iter()
            .map(|record| state.append(at, record))
            .collect();
        self.wake(state);
        Ok(ids)
    }

    pub(super) fn publish_batch(
        &self,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        let numbered = rules::numbered(records, batch.numbers)
            .map_err(|message| TransportError::new(TransportErrorKind::Refused, NAME, message))?;
        let mut state = self.room_for(records.len())?;
        let publication = state.publications.entry(batch.incarnation).or_default();
        let appends = match publication.judge(batch.epoch, batch.acknowledged, &numbered) {
            Ok(appends) => appends,
            Err(dispute) => return Ok(Receipt::Disputed(dispute)),
        };
        publication.record(batch.epoch, &numbered, &appends);
        let at = Timestamp::now();
        let ids = records
            .iter()
            .zip(appends)
            .map(|(record, append)| append.then(|| state.append(at, record)))
            .collect();
        self.wake(state);
        Ok(Receipt::Published(ids))
    }

    /// Wakes the consumers that wait for new entries.
    fn wake(&self, state: MutexGuard<'_, State>) {
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.arrived.notify_all();
        }
    }

    /// Waits until a number of entries fits in.
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

    /// Calls something with a group, if the member may act on it.
    fn with_group<T>(
        &self,
        member: Member<'_>,
        call: impl FnOnce(&mut Group) -> T,
    ) -> Result<T, TransportError> {
        let mut state = self.lock();
        admitted(&mut state.groups, member).map(call)
    }

    pub(super) fn lead(
        &self,
        member: Member<'_>,
        lease: Duration,
    ) -> Result<Leadership, TransportError> {
        let unfenced = Member {
            epoch: None,
            ..member
        };
        self.with_group(unfenced, |group| group.lead(member.consumer, lease))
    }

    pub(super) fn renew(
        &self,
        member: Member<'_>,
        lease: Duration,
        entries: &[EntryId],
    ) -> Result<(), TransportError> {
        self.with_group(member, |group| {
            group.renew(member.consumer, member.epoch, lease, entries);
        })
    }

    pub(super) fn claim(
        &self,
        member: Member<'_>,
        claim: Claim,
    ) -> Result<Claimed, TransportError> {
        let mut state = self.lock();
        let State {
            groups, log, first, ..
        } = &mut *state;
        let group = admitted(groups, member)?;
        Ok(group.claim(member.consumer, claim, |number| {
            let index = usize::try_from(number.checked_sub(*first)?).ok()?;
            log.get(index).cloned()
        }))
    }

    pub(super) fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        let mut state = self.lock();
        admitted(&mut state.groups, member)?;
        let nothing = |state: &mut State| {
            let next = state.next();
            state
                .groups
                .get(member.group)
                .is_some_and(|group| group.has_nothing(next))
        };
        if nothing(&mut state) {
            if wait.is_zero() {
                return Ok(Vec::new());
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
        // The epoch may have ended during the wait.
        let group = admitted(groups, member)?;
        let mut entries = group.receive_requeued(member.consumer, limit, next);
        let taken: usize = entries.iter().map(Entry::size).sum();
        if entries.len() >= limit.entries || (taken >= limit.bytes && !entries.is_empty()) {
            return Ok(entries);
        }
        let left = Limit {
            entries: limit.entries - entries.len(),
            bytes: limit.bytes.saturating_sub(taken),
        };
        let stored = |number: u64| log.get(usize::try_from(number - first).ok()?);
        let size = |number| stored(number).map_or(0, |stored: &Stored| stored.record.size());
        let now = Instant::now();
        for number in group.take_new(first, next, left, entries.is_empty(), size) {
            if let Some(stored) = stored(number) {
                entries.push(group.deliver(member.consumer, number, stored, now));
            }
        }
        Ok(entries)
    }

    pub(super) fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
    ) -> Result<(), TransportError> {
        let mut state = self.lock();
        let State {
            groups,
            log,
            first,
            dead,
            last_dead,
            ..
        } = &mut *state;
        let group = admitted(groups, member)?;
        for settlement in settlements {
            let letters = group.settle(settlement, |number| {
                let index = usize::try_from(number.checked_sub(*first)?).ok()?;
                log.get(index).map(|stored| stored.at)
            });
            for letter in letters {
                *last_dead += 1;
                dead.insert(*last_dead, letter.clone());
            }
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

    pub(super) fn release(&self, member: Member<'_>) {
        if let Some(group) = self.lock().groups.get_mut(member.group) {
            group.release(member.consumer, member.epoch);
        }
    }

    pub(super) fn retries(
        &self,
        member: Member<'_>,
    ) -> Result<Vec<(EntryId, RetryState)>, TransportError> {
        self.with_group(member, |group| group.retries())
    }

    pub(super) fn claim_retries(
        &self,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Result<Vec<Entry>, TransportError> {
        self.with_group(member, |group| {
            group.claim_retries(member.consumer, retries, idle, trial)
        })
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
}

/// Returns the group of a member, or the reason why it may not act on it.
fn admitted<'a>(
    groups: &'a mut BTreeMap<String, Group>,
    member: Member<'_>,
) -> Result<&'a mut Group, TransportError> {
    let Member {
        topic,
        group,
        consumer,
        ..
    } = member;
    let found = groups.get_mut(group).ok_or_else(|| {
        TransportError::new(
            TransportErrorKind::Refused,
            NAME,
            format!("topic `{topic}` has no group `{group}`; join it first"),
        )
    })?;
    if found.admits(member.epoch) {
        return Ok(found);
    }
    Err(TransportError::new(
        TransportErrorKind::LostLease,
        NAME,
        format!("`{consumer}` no longer leads group `{group}` of topic `{topic}`"),
    ))
}
