//! Term: the time for which a consumer reads a topic under one epoch, with everything that belongs to that time.
//!
//! A term has the lease, the entries in flight, the results to settle and the retry queue. Nothing of it outlives it: when another
//! consumer has led in between, its entries are handed out again.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use events_core::Uuid;

use super::flight::Flight;
use super::retry_queue::{Place, RetryQueue};
use super::source::Source;
use crate::transport::{Entry, EntryId, Epoch, Limit, Member, Settlement};

/// A batch of settlements below this size waits a moment for more, so that one call settles many. Only the next call depends on it.
const FEW: usize = 64;
const LINGER: Duration = Duration::from_millis(1);
/// Maximum size of the records that one call hands out, in bytes.
const CALL_BYTES: usize = 8 << 20;
/// End of the lease of a term that is over.
const OVER: u64 = 0;

/// Term of a consumer on a topic.
pub(super) struct Term {
    pub(super) source: Arc<Source>,
    pub(super) epoch: Option<Epoch>,
    pub(super) retries: RetryQueue,
    /// End of the lease, in microseconds since the consumer started. `u64::MAX` without a leader, [`OVER`] at the end.
    lease_end: AtomicU64,
    state: Mutex<State>,
    /// Signals room, a renewed lease, an empty flight, and the end.
    changed: Condvar,
    /// Signals results to settle.
    work: Condvar,
}

#[derive(Default)]
struct State {
    flight: Flight,
    /// Upper bound on the entries that the current call of the transport hands out.
    reserved: Option<Limit>,
    /// `true` while an entry runs alone.
    is_exclusive: bool,
    settlements: Vec<Settlement>,
    /// Settlements that a call of the transport settles now.
    #[expect(clippy::rc_buffer, reason = "a slice would be a copy of each batch")]
    settling: Arc<Vec<Settlement>>,
    /// Settlements for which the transport had no room, in order, and when it is asked again.
    held: Vec<Settlement>,
    held_until: Option<Instant>,
    /// `true` if there is nothing more to settle than is there.
    is_closed: bool,
}

impl State {
    /// Returns `true` if there is no room for another entry.
    fn is_full(&self, source: &Source) -> bool {
        self.flight.len() >= source.max_in_flight || self.flight.bytes() >= source.max_bytes
    }
}

impl Term {
    pub(super) fn new(source: Arc<Source>, epoch: Option<Epoch>, lease_end: Instant) -> Self {
        let lease_end = match epoch {
            Some(_) => source.micros(lease_end),
            None => u64::MAX,
        };
        Self {
            retries: RetryQueue::new(source.is_led),
            lease_end: AtomicU64::new(lease_end),
            source,
            epoch,
            state: Mutex::default(),
            changed: Condvar::new(),
            work: Condvar::new(),
        }
    }

    /// Returns the member of the group that acts under the epoch.
    pub(super) fn member(&self) -> Member<'_> {
        Member {
            epoch: self.epoch,
            ..self.source.member()
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock but the allocator.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns `true` if the lease covers a moment: a receiver may start, and entries may be received.
    pub(super) fn covers(&self, now: Instant) -> bool {
        self.source.micros(now) < self.lease_end.load(Ordering::Acquire)
    }

    pub(super) fn is_over(&self) -> bool {
        self.lease_end.load(Ordering::Acquire) == OVER
    }

    /// Waits until the lease is renewed. Returns `false` if the term is over.
    pub(super) fn wait_for_lease(&self) -> bool {
        let mut state = self.lock();
        while !self.is_over() {
            if self.covers(Instant::now()) {
                return true;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        false
    }

    /// Extends the lease, unless the term is over.
    pub(super) fn renewed(&self, lease_end: Instant) {
        let state = self.lock();
        if !self.is_over() {
            let micros = self.source.micros(lease_end);
            self.lease_end.store(micros, Ordering::Release);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the term. Nothing of it is settled any more, and none of its receivers starts.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        self.lease_end.store(OVER, Ordering::Release);
        let old = std::mem::take(&mut *state);
        drop(state);
        self.changed.notify_all();
        self.work.notify_all();
        drop(old);
    }

    /// Wakes those who wait, so that they notice that the consumer stops.
    pub(super) fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }

    /// Waits for room, at most for `wait`, and reserves it until [`took`](Self::took). Returns `None` if there is none.
    pub(super) fn reserve(&self, entries: usize, wait: Duration) -> Option<Limit> {
        let source = &self.source;
        let waits =
            |state: &mut State| state.is_full(source) && !source.is_stopping() && !self.is_over();
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), wait, waits)
            .unwrap_or_else(PoisonError::into_inner);
        if state.is_full(source) || source.is_stopping() || self.is_over() {
            return None;
        }
        let limit = Limit {
            entries: entries.min(source.max_in_flight - state.flight.len()),
            bytes: CALL_BYTES.min(source.max_bytes - state.flight.bytes()),
        };
        state.reserved = Some(limit);
        Some(limit)
    }

    /// Adds entries to those in flight, in place of the reserved room. Returns the places of those whose event is in flight
    /// already.
    pub(super) fn took(&self, entries: &[Entry]) -> Vec<usize> {
        let mut state = self.lock();
        state.reserved = None;
        take(&mut state.flight, entries)
    }

    /// Adds claimed retries to the entries in flight, as [`took`](Self::took) does.
    pub(super) fn took_retries(&self, entries: &[Entry]) -> Vec<usize> {
        take(&mut self.lock().flight, entries)
    }

    /// Returns the room for retries. There is room for one retry even if the rest is full, so that a consumer that waits for
    /// new entries does not keep retries waiting. `None` if there is none.
    pub(super) fn retry_room(&self, entries: usize) -> Option<Limit> {
        let state = self.lock();
        if state.is_exclusive || self.source.is_stopping() || self.is_over() {
            return None;
        }
        let reserved = state.reserved.unwrap_or(Limit {
            entries: 0,
            bytes: 0,
        });
        let least = usize::from(!state.flight.has_retries());
        let room = self.source.max_in_flight;
        let room = room.saturating_sub(state.flight.len() + reserved.entries);
        let bytes = self.source.max_bytes;
        let bytes = bytes.saturating_sub(state.flight.bytes() + reserved.bytes);
        let room = if bytes == 0 { least } else { room.max(least) };
        (room > 0).then(|| Limit {
            entries: room.min(entries),
            bytes: bytes.min(CALL_BYTES),
        })
    }

    /// Begins or ends the time in which an entry runs alone: no retry is claimed.
    pub(super) fn set_exclusive(&self, is_exclusive: bool) {
        self.lock().is_exclusive = is_exclusive;
    }

    /// Waits until nothing is in flight. Returns `false` if the consumer stops or the term is over before that.
    pub(super) fn wait_until_empty(&self) -> bool {
        let mut state = self.lock();
        loop {
            if self.source.is_stopping() || self.is_over() {
                return false;
            }
            if state.flight.is_empty() {
                return true;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns the entries in flight, without retries, in order.
    pub(super) fn in_flight(&self) -> Vec<EntryId> {
        self.lock().flight.entries()
    }

    /// Returns the entries of everything in flight.
    pub(super) fn touched(&self) -> Vec<EntryId> {
        self.lock().flight.touched()
    }

    pub(super) fn in_flight_count(&self) -> usize {
        self.lock().flight.len()
    }

    /// Returns the receivers that handled an event in a copy that is not settled yet, or was settled a moment ago.
    pub(super) fn handled_in_copies(&self, event: Uuid) -> Vec<Arc<str>> {
        let state = self.lock();
        let unsettled = state.settlements.iter().chain(state.settling.iter());
        let unsettled = unsettled.chain(&state.held);
        let unsettled = unsettled
            .filter(|settlement| settlement.event_id == Some(event))
            .flat_map(|settlement| settlement.handled_by.iter());
        let settled = state.flight.handled(event).iter();
        settled.chain(unsettled).cloned().collect()
    }

    /// Hands over results of deliveries.
    pub(super) fn settle(&self, settlements: impl Iterator<Item = Settlement>) {
        let mut state = self.lock();
        if self.is_over() {
            return;
        }
        let was_empty = state.settlements.is_empty();
        state.settlements.extend(settlements);
        drop(state);
        if was_empty {
            self.work.notify_all();
        }
    }

    /// Holds settlements back, so that those which need no room do not wait for them. A time that is set already stays.
    pub(super) fn hold(&self, settlements: Vec<Settlement>, until: Instant) {
        let mut state = self.lock();
        if self.is_over() {
            return;
        }
        state.held.extend(settlements);
        state.held_until.get_or_insert(until);
    }

    /// Returns `true` if settlements are held back.
    pub(super) fn holds_back(&self) -> bool {
        !self.lock().held.is_empty()
    }

    /// Takes results to settle; waits for the first, at most for `wait`. Returns `None` if there will be no more.
    #[expect(clippy::rc_buffer, reason = "a slice would be a copy of each batch")]
    pub(super) fn take_settlements(&self, wait: Duration) -> Option<Arc<Vec<Settlement>>> {
        let is_closed = |state: &State| state.is_closed && state.held.is_empty();
        let nothing = |state: &mut State| {
            state.settlements.is_empty() && !is_closed(state) && !self.is_over()
        };
        let state = self.lock();
        let wait = state.held_until.map_or(wait, |until| {
            wait.min(until.saturating_duration_since(Instant::now()))
        });
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, wait, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        if self.is_over() || (state.settlements.is_empty() && is_closed(&state)) {
            return None;
        }
        // What comes in the next moment joins in, unless somebody waits for this.
        let is_alone = |state: &mut State| {
            (1..FEW).contains(&state.settlements.len())
                && state.flight.len() <= self.source.max_in_flight / 2
                && state.flight.bytes() <= self.source.max_bytes / 2
                && !state.is_exclusive
                && !state.is_closed
                && !self.source.is_stopping()
        };
        if is_alone(&mut state) {
            state = self
                .work
                .wait_timeout_while(state, LINGER, is_alone)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let mut settlements = std::mem::take(&mut state.settlements);
        if state
            .held_until
            .is_some_and(|until| until <= Instant::now())
        {
            state.held_until = None;
            settlements.splice(..0, std::mem::take(&mut state.held));
        }
        state.settling = Arc::new(settlements);
        Some(Arc::clone(&state.settling))
    }

    /// Notes that the transport has settled these.
    pub(super) fn settled(&self, settlements: &[Settlement]) {
        for settlement in settlements {
            let Some(parked) = &settlement.parked else {
                continue;
            };
            for retry in &parked.retries {
                self.retries.stored(&Place::new(settlement.entry, retry));
            }
        }
        let mut state = self.lock();
        if self.is_over() {
            return;
        }
        for settlement in settlements {
            state.flight.settle(settlement);
        }
    }

    /// Wakes those who wait for room, once retries have had their turn.
    pub(super) fn made_room(&self) {
        self.changed.notify_all();
    }

    /// Notes that nothing more comes to be settled.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.work.notify_all();
    }
}

fn take(flight: &mut Flight, entries: &[Entry]) -> Vec<usize> {
    let mut copies = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if flight.take(entry) {
            copies.push(index);
        }
    }
    copies
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Term")
            .field("source", &self.source)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
