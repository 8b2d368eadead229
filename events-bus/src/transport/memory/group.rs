//! A group of a topic in memory.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::Timestamp;

use super::handled::Handled;
use super::holder::Holder;
use super::state::Stored;
use crate::ascending::Ascending;
use crate::transport::{
    Claim, Claimed, DeadLetter, Entry, EntryId, Epoch, GroupStatus, Leadership, Limit, Parked,
    Queue, RetryId, RetryState, Settlement, rules,
};

pub(super) struct Group {
    origin: Instant,
    lease: rules::Lease,
    /// Number of the next entry that it is given.
    position: u64,
    pending: Ascending<EntryId, Pending>,
    /// Requeued records that are not settled, by their number.
    requeued: BTreeMap<u64, Stored>,
    /// Numbers of the requeued records that were not given to a consumer yet.
    waiting: VecDeque<u64>,
    last_requeued: u64,
    retries: BTreeMap<RetryId, Retry>,
    handled: Handled,
}

struct Pending {
    holder: Holder,
}

/// A parked delivery.
struct Retry {
    stored: Stored,
    state: RetryState,
    holder: Holder,
}

impl Group {
    pub(super) fn new(position: u64, duplicate_window: Duration) -> Self {
        Self {
            origin: Instant::now(),
            lease: rules::Lease::default(),
            position,
            pending: Ascending::default(),
            requeued: BTreeMap::new(),
            waiting: VecDeque::new(),
            last_requeued: 0,
            retries: BTreeMap::new(),
            handled: Handled::new(duplicate_window),
        }
    }

    pub(super) fn lead(&mut self, consumer: &str, lease: Duration) -> Leadership {
        let now = self.origin.elapsed();
        self.lease
            .lead(consumer, lease, Epoch::random_holder(), now)
    }

    /// Returns `true` if a member may act: its epoch is current, or it has none.
    pub(super) fn admits(&self, epoch: Option<Epoch>) -> bool {
        epoch.is_none_or(|epoch| self.lease.is_current(epoch))
    }

    pub(super) fn renew(
        &mut self,
        consumer: &str,
        epoch: Option<Epoch>,
        lease: Duration,
        entries: &[EntryId],
    ) {
        if let Some(epoch) = epoch {
            self.lease.renew(epoch, lease, self.origin.elapsed());
            return;
        }
        let now = Instant::now();
        for id in entries {
            if let Some(pending) = self.pending.get_mut(*id)
                && *pending.holder.consumer == *consumer
            {
                pending.holder.touched = now;
            }
            for ((entry, _), retry) in &mut self.retries {
                if entry == id && *retry.holder.consumer == *consumer {
                    retry.holder.touched = now;
                }
            }
        }
    }

    pub(super) fn release(&mut self, consumer: &str, epoch: Option<Epoch>) {
        if let Some(epoch) = epoch
            && !self.lease.release(epoch)
        {
            return;
        }
        let nobody: Arc<str> = Arc::from("");
        let pending = self.pending.values_mut().map(|pending| &mut pending.holder);
        let retries = self.retries.values_mut().map(|retry| &mut retry.holder);
        for holder in pending.chain(retries) {
            if *holder.consumer == *consumer {
                holder.release(&nobody);
            }
        }
    }

    pub(super) fn claim(
        &mut self,
        consumer: &str,
        claim: Claim,
        stored: impl Fn(u64) -> Option<Stored>,
    ) -> Claimed {
        let now = Instant::now();
        let consumer: Arc<str> = consumer.into();
        let mut claimed = Claimed::default();
        let mut gone = Vec::new();
        let mut size = 0;
        for (id, pending) in self.pending.after_mut(claim.after) {
            if claimed.entries.len() == claim.limit.entries {
                break;
            }
            let holder = &mut pending.holder;
            if !holder.is_free(&consumer, claim.own, claim.idle, now) {
                continue;
            }
            let found = match id.queue() {
                Queue::Redelivery => self.requeued.get(&id.major()).cloned(),
                Queue::Topic => stored(id.major()),
            };
            let Some(found) = found else {
                gone.push(id);
                continue;
            };
            let is_suspect =
                rules::is_suspect(holder.deliveries, holder.trials, claim.max_deliveries);
            if is_suspect && !(claim.trial && claimed.entries.is_empty()) {
                claimed.suspect = Some(id);
                break;
            }
            size += found.record.size();
            if size > claim.limit.bytes && !claimed.entries.is_empty() {
                break;
            }
            holder.take(&consumer, now);
            holder.trials += u32::from(is_suspect);
            let mut entry = Entry::new(id, found.at, Ok(found.record))
                .delivered(holder.deliveries)
                .tried(holder.trials);
            self.handled.look_up(&mut entry);
            claimed.entries.push(entry);
            if is_suspect {
                break;
            }
        }
        for id in gone {
            self.pending.remove(id);
        }
        claimed
    }

    pub(super) fn has_nothing(&self, next: u64) -> bool {
        self.waiting.is_empty() && self.position >= next
    }

    /// Hands out requeued records: at most half of the limit while new entries wait.
    pub(super) fn receive_requeued(
        &mut self,
        consumer: &str,
        limit: Limit,
        next: u64,
    ) -> Vec<Entry> {
        let share = if self.position < next {
            limit.entries.div_ceil(2)
        } else {
            limit.entries
        };
        let now = Instant::now();
        let mut entries = Vec::new();
        let mut size = 0;
        while entries.len() < share
            && let Some(number) = self.waiting.front().copied()
        {
            let Some(stored) = self.requeued.get(&number).cloned() else {
                self.waiting.pop_front();
                continue;
            };
            size += stored.record.size();
            if size > limit.bytes && !entries.is_empty() {
                break;
            }
            self.waiting.pop_front();
            let id = EntryId::new(number, 0).in_redelivery();
            self.hold(consumer, id, now);
            let mut entry = Entry::new(id, stored.at, Ok(stored.record)).delivered(1);
            self.handled.look_up(&mut entry);
            entries.push(entry);
        }
        entries
    }

    /// Returns the numbers of the next entries that it is given. With `takes_one`, it is given one however large that is.
    pub(super) fn take_new(
        &mut self,
        first: u64,
        next: u64,
        limit: Limit,
        takes_one: bool,
        size: impl Fn(u64) -> usize,
    ) -> Range<u64> {
        let from = self.position.max(first);
        let most = next
            .min(from.saturating_add(limit.entries as u64))
            .max(from);
        let mut to = from;
        let mut bytes = 0;
        while to < most {
            bytes += size(to);
            if bytes > limit.bytes && (to > from || !takes_one) {
                break;
            }
            to += 1;
        }
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
        self.hold(consumer, id, now);
        let mut entry = Entry::new(id, stored.at, Ok(stored.record.clone())).delivered(1);
        self.handled.look_up(&mut entry);
        entry
    }

    fn hold(&mut self, consumer: &str, id: EntryId, now: Instant) {
        // Consecutive entries share the name.
        let last = self.pending.last().map(|last| &last.holder.consumer);
        let consumer = match last {
            Some(last) if **last == *consumer => Arc::clone(last),
            _ => consumer.into(),
        };
        let holder = Holder {
            consumer,
            touched: now,
            deliveries: 1,
            trials: 0,
        };
        self.pending.insert(id, Pending { holder });
    }

    /// Settles one delivery. Returns the dead letters that it leaves; none if it is not pending any more.
    pub(super) fn settle<'a>(
        &mut self,
        settlement: &'a Settlement,
        published_at: impl Fn(u64) -> Option<Timestamp>,
    ) -> &'a [DeadLetter] {
        let id = settlement.entry;
        let at = if let Some(receiver) = &settlement.receiver {
            let Some(retry) = self.retries.remove(&(id, Arc::clone(receiver))) else {
                return &[];
            };
            retry.stored.at
        } else {
            if self.pending.remove(id).is_none() {
                return &[];
            }
            let at = match id.queue() {
                Queue::Redelivery => self.requeued.remove(&id.major()).map(|stored| stored.at),
                Queue::Topic => published_at(id.major()),
            };
            at.unwrap_or_else(Timestamp::now)
        };
        if let Some(parked) = &settlement.parked {
            self.park(id, at, parked);
        }
        if let Some(event_id) = settlement.event_id {
            self.handled.note(event_id, &settlement.handled_by);
        }
        &settlement.dead
    }

    fn park(&mut self, id: EntryId, at: Timestamp, parked: &Parked) {
        for state in &parked.retries {
            let stored = Stored {
                at,
                record: parked.record.clone(),
            };
            let retry = Retry {
                stored,
                state: state.clone(),
                holder: Holder::nobody(Instant::now()),
            };
            self.retries
                .insert((id, Arc::clone(&state.receiver)), retry);
        }
    }

    pub(super) fn retries(&self) -> Vec<(EntryId, RetryState)> {
        self.retries
            .iter()
            .map(|((id, _), retry)| (*id, retry.state.clone()))
            .collect()
    }

    pub(super) fn claim_retries(
        &mut self,
        consumer: &str,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Vec<Entry> {
        let now = Instant::now();
        let consumer: Arc<str> = consumer.into();
        let mut entries = Vec::new();
        for id in retries {
            let Some(retry) = self.retries.get_mut(id) else {
                continue;
            };
            if !retry.holder.is_free(&consumer, true, idle, now) {
                continue;
            }
            retry.holder.take(&consumer, now);
            retry.holder.trials += u32::from(trial);
            let mut entry = Entry::new(id.0, retry.stored.at, Ok(retry.stored.record.clone()))
                .delivered(retry.holder.deliveries)
                .tried(retry.holder.trials)
                .retried(retry.state.clone());
            self.handled.look_up(&mut entry);
            entries.push(entry);
        }
        entries
    }

    pub(super) fn requeue(&mut self, stored: Stored) {
        self.last_requeued += 1;
        self.requeued.insert(self.last_requeued, stored);
        self.waiting.push_back(self.last_requeued);
    }

    /// Returns the number of the first entry of the topic that it has not finished.
    pub(super) fn first_unfinished(&self) -> u64 {
        let pending = self.pending.first_from(EntryId::new(0, 0));
        pending.map_or(self.position, |id| id.major().min(self.position))
    }

    /// Passes over the entries before this number, which are gone.
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
        let pending = self.pending.keys();
        let pending = pending.filter(|id| id.queue() == Queue::Topic).count() as u64;
        let mut status = GroupStatus::new(name);
        status.unread = Some(next.saturating_sub(self.position));
        status.pending = pending;
        status.requeued = self.requeued.len() as u64;
        status.parked = self.retries.len() as u64;
        status.oldest_unfinished = published(self.first_unfinished());
        let leader = self.lease.leader(self.origin.elapsed());
        status.leader = leader.map(str::to_owned);
        status
    }
}
