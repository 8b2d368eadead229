//! Retry queue of one term: an index of the parked deliveries of a group.
//!
//! The transport keeps the deliveries themselves. The index knows which receivers wait with events of which key, and when the
//! next delivery is due. A *lane* is the queue of one receiver and one key, in the order of the entries: its first delivery is
//! due at some time, the others wait behind it, and later events of the key park behind them. An event without a key waits for
//! nothing, and neither does any event of a consumer that keeps no order.

mod state;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use events_core::{ReceiverInfo, Timestamp};

use self::state::{Parked, Stage, State};
use crate::transport::{EntryId, RetryId, RetryState};

/// Maximum number of deliveries of one lane that are claimed at once.
const RUN: usize = 32;

/// Retry queue of one term.
pub(super) struct RetryQueue {
    /// Number of deliveries. Zero, which is the usual case, costs one load.
    count: AtomicUsize,
    /// `true` if events of one key wait for each other.
    is_ordered: bool,
    state: Mutex<State>,
}

/// A parked delivery with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: RetryId,
    pub(super) key: Option<Arc<str>>,
}

impl Place {
    pub(super) fn new(entry: EntryId, state: &RetryState) -> Self {
        Self {
            id: (entry, Arc::clone(&state.receiver)),
            key: state.key.clone(),
        }
    }
}

impl RetryQueue {
    pub(super) fn new(is_ordered: bool) -> Self {
        Self {
            count: AtomicUsize::new(0),
            is_ordered,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock but the allocator.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of parked deliveries. A thread sees the deliveries that it parked itself, which is enough for the order
    /// of a key: one thread handles all events of a key.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Adds the stored deliveries of the group that it does not know, and forgets those that are gone. `since` is what
    /// [`mark`](Self::mark) returned before the deliveries were listed: what was parked later is not forgotten.
    pub(super) fn refresh(&self, listed: &[(EntryId, RetryState)], since: u64, now: Instant) {
        let wall = Timestamp::now();
        let mut state = self.lock();
        for (entry, retry) in listed {
            let place = Place::new(*entry, retry);
            let key = self.lane_key(&place);
            if state.find(&place.id, key).is_some() {
                continue;
            }
            let parked = Parked {
                due: now + retry.wait(wall),
                size: None,
                attempts: retry.attempts,
                stage: Stage::Stored,
                turn: 0,
            };
            self.count.fetch_add(1, Ordering::Relaxed);
            state.insert(&place, key, parked);
            state.schedule(&place.id, key);
        }
        if !self.is_ordered {
            let listed: HashSet<_> = listed
                .iter()
                .map(|(entry, retry)| (*entry, &*retry.receiver))
                .collect();
            let before = state.alone.len();
            state.alone.retain(|(entry, receiver), parked| {
                parked.stage != Stage::Stored
                    || parked.turn > since
                    || listed.contains(&(*entry, &**receiver))
            });
            let gone = before - state.alone.len();
            self.count.fetch_sub(gone, Ordering::Relaxed);
        }
    }

    /// Returns the mark for [`refresh`](Self::refresh).
    pub(super) fn mark(&self) -> u64 {
        self.lock().turn
    }

    fn lane_key<'a>(&self, place: &'a Place) -> Option<&'a Arc<str>> {
        place.key.as_ref().filter(|_| self.is_ordered)
    }

    /// Returns the id under which a receiver waits with an earlier event of this key: its own, or a former one.
    pub(super) fn blocks(&self, receiver: &ReceiverInfo, key: &str) -> Option<Arc<str>> {
        let state = self.lock();
        let mut lanes = state.lanes.get(key)?.iter();
        let lane = lanes.find(|lane| receiver.is_called(&lane.receiver))?;
        Some(Arc::clone(&lane.receiver))
    }

    /// Returns `true` if any receiver has to wait with a later event of this key.
    pub(super) fn blocks_any(&self, key: &str) -> bool {
        self.len() > 0 && self.lock().lanes.contains_key(key)
    }

    /// Parks a delivery, for the first time or again. It blocks its lane at once, and is due once it is
    /// [stored](Self::stored) and the delay has passed.
    pub(super) fn park(&self, place: &Place, size: usize, due: Instant, attempts: u32) {
        let key = self.lane_key(place);
        let parked = Parked {
            due,
            size: Some(size),
            attempts,
            stage: Stage::Unstored,
            turn: 0,
        };
        let mut state = self.lock();
        state.let_go(&place.id, key);
        if let Some(known) = state.find(&place.id, key) {
            *known = parked;
            state.schedule_first(&place.id, key);
            return;
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        state.insert(place, key, parked);
    }

    /// Returns `true` if a claimed delivery has to wait: an earlier one of its lane is not through.
    pub(super) fn waits(&self, place: &Place) -> bool {
        let Some(key) = self.lane_key(place) else {
            return false;
        };
        let mut state = self.lock();
        let lane = state.lane(key, &place.id.1);
        lane.is_some_and(|lane| !lane.is_first(place.id.0))
    }

    /// Notes that the transport keeps a delivery that was parked.
    pub(super) fn stored(&self, place: &Place) {
        let key = self.lane_key(place);
        let mut state = self.lock();
        if let Some(parked) = state.find(&place.id, key)
            && parked.stage == Stage::Unstored
        {
            parked.stage = Stage::Stored;
            state.schedule(&place.id, key);
        }
    }

    /// Removes a delivery that is done or gone; the next one of its lane is due.
    pub(super) fn finished(&self, place: &Place) {
        let key = self.lane_key(place);
        if self.lock().remove(&place.id, key) {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Puts a claimed delivery back until a time.
    pub(super) fn put_back(&self, place: &Place, due: Instant) {
        let key = self.lane_key(place);
        let mut state = self.lock();
        if state.let_go(&place.id, key)
            && let Some(parked) = state.find(&place.id, key)
        {
            parked.stage = Stage::Stored;
            parked.due = due;
            state.schedule_first(&place.id, key);
        }
    }

    /// Puts a claimed delivery back until a time if another consumer has run it since it was listed: it has failed another number
    /// of times. Returns `false` if not. Then its delay has passed here, whatever the clock of who parked it says.
    pub(super) fn put_back_if_run(&self, place: &Place, attempts: u32, due: Instant) -> bool {
        let key = self.lane_key(place);
        let mut state = self.lock();
        match state.find(&place.id, key) {
            Some(parked) if parked.attempts != attempts => parked.attempts = attempts,
            _ => return false,
        }
        drop(state);
        self.put_back(place, due);
        true
    }

    /// Puts a claimed delivery aside, to be run alone.
    pub(super) fn put_aside(&self, place: &Place) {
        self.lock().suspects.push_back(place.clone());
    }

    /// Takes a delivery that must run alone.
    pub(super) fn take_suspect(&self) -> Option<Place> {
        if self.len() == 0 {
            return None;
        }
        self.lock().suspects.pop_front()
    }

    /// Returns the time at which the next delivery is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        if self.len() == 0 {
            return None;
        }
        let state = self.lock();
        state.due.peek().map(|Reverse(due)| due.at)
    }

    /// Takes deliveries that are due, at most `limit`, with records of at most `bytes` together but at least one. A record of
    /// unknown size counts as `assumed` bytes.
    ///
    /// Of a lane, up to [`RUN`] deliveries are taken at once, unless the receiver has failed with one of them: they are handled
    /// one after the other, and those behind a failure wait again.
    pub(super) fn take_due(
        &self,
        now: Instant,
        limit: usize,
        bytes: usize,
        assumed: usize,
    ) -> Vec<Place> {
        let mut taken = Vec::new();
        let mut size = 0_usize;
        let mut fits = |parked: &Parked, is_first: bool| {
            size = size.saturating_add(parked.size.unwrap_or(assumed));
            is_first || size <= bytes
        };
        let mut state = self.lock();
        while taken.len() < limit
            && let Some(Reverse(first)) = state.due.peek()
            && first.at <= now
        {
            let turn = first.turn;
            let place = Place {
                id: first.id.clone(),
                key: first.key.clone(),
            };
            let Some(key) = self.lane_key(&place) else {
                if let Some(parked) = state.alone.get_mut(&place.id)
                    && parked.stage == Stage::Stored
                    && parked.turn == turn
                {
                    if !fits(parked, taken.is_empty()) {
                        break;
                    }
                    parked.stage = Stage::Claimed;
                    taken.push(place);
                }
                state.due.pop();
                continue;
            };
            let Some(lane) = state.lane(key, &place.id.1) else {
                state.due.pop();
                continue;
            };
            // An earlier entry may have been parked since this one was scheduled.
            let is_valid = lane.claimed == 0
                && lane.parked.front().is_some_and(|(entry, parked)| {
                    *entry == place.id.0 && parked.stage == Stage::Stored && parked.turn == turn
                });
            let mut has_failed = false;
            let run = if is_valid {
                RUN.min(limit - taken.len())
            } else {
                0
            };
            for (entry, parked) in lane.parked.iter_mut().take(run) {
                let is_head = *entry == place.id.0;
                has_failed |= parked.attempts > 0;
                let is_due = parked.stage == Stage::Stored && parked.due <= now;
                if !is_head && (has_failed || !is_due) {
                    break;
                }
                if !fits(parked, taken.is_empty()) {
                    if is_head {
                        return taken;
                    }
                    break;
                }
                parked.stage = Stage::Claimed;
                lane.claimed += 1;
                taken.push(Place {
                    id: (*entry, Arc::clone(&place.id.1)),
                    key: place.key.clone(),
                });
            }
            state.due.pop();
        }
        taken
    }
}

#[cfg(test)]
mod tests;
