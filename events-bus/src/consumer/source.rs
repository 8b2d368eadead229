//! A topic that a consumer reads: what its reader, its lanes and its settler share.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ascending::Ascending;
use crate::metrics::ConsumerMetrics;
use crate::transport::{EntryId, Member, Settlement, SharedTransport};

/// Fewer settlements than these wait a moment for others, so that one call tells of many. Nothing but the next call depends on it.
const FEW: usize = 64;
const LINGER: Duration = Duration::from_millis(1);

/// A topic of a consumer.
pub(super) struct Source {
    pub(super) transport: SharedTransport,
    pub(super) topic: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) consumer: Arc<str>,
    /// Whether one consumer of the group reads at a time.
    pub(super) led: bool,
    pub(super) metrics: ConsumerMetrics,
    /// How many entries may be handed out and not settled.
    most: usize,
    /// Counts the times that this consumer began to read; what belongs to an earlier time counts no more.
    reign: AtomicU64,
    reading: AtomicBool,
    /// When the lease ends, in microseconds since `began`. A paused process notices by this that it was paused for too long.
    lease_end: AtomicU64,
    began: Instant,
    flight: Mutex<Flight>,
    /// Something was settled, so that there is room; or there is something to settle; or the consumer stops.
    room: Condvar,
    work: Condvar,
}

#[derive(Default)]
struct Flight {
    /// What was handed out and is not settled as finished.
    entries: Ascending<EntryId, ()>,
    /// What is to be settled.
    settlements: Vec<Settlement>,
    /// When the consumer stops, until when it may take its time.
    deadline: Option<Instant>,
    /// Everything is settled that ever will be.
    closed: bool,
}

impl Source {
    pub(super) fn new(
        transport: SharedTransport,
        topic: &str,
        group: &str,
        consumer: &str,
        led: bool,
        most: usize,
    ) -> Self {
        Self {
            transport,
            topic: topic.into(),
            group: group.into(),
            consumer: consumer.into(),
            led,
            metrics: ConsumerMetrics::new(topic, group),
            most,
            reign: AtomicU64::new(0),
            reading: AtomicBool::new(false),
            lease_end: AtomicU64::new(0),
            began: Instant::now(),
            flight: Mutex::default(),
            room: Condvar::new(),
            work: Condvar::new(),
        }
    }

    pub(super) fn member(&self) -> Member<'_> {
        Member {
            topic: &self.topic,
            group: &self.group,
            consumer: &self.consumer,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Flight> {
        // Nothing that can panic runs under the lock but the allocator.
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX)
    }

    /// A new reign begins: what was handed out before counts no more.
    pub(super) fn begin(&self, lease_end: Instant) -> u64 {
        let mut flight = self.lock();
        flight.entries.clear();
        flight.settlements.clear();
        let reign = self.reign.fetch_add(1, Ordering::AcqRel) + 1;
        self.renewed(lease_end);
        self.reading.store(true, Ordering::Release);
        reign
    }

    /// The reign ends: nothing of it counts any more.
    pub(super) fn end(&self) {
        let mut flight = self.lock();
        self.reading.store(false, Ordering::Release);
        flight.entries.clear();
        flight.settlements.clear();
        drop(flight);
        self.room.notify_all();
    }

    pub(super) fn renewed(&self, lease_end: Instant) {
        self.lease_end
            .store(self.micros(lease_end), Ordering::Release);
    }

    /// Whether that reign goes on.
    pub(super) fn reigns(&self, reign: u64) -> bool {
        self.reigns_at(reign, Instant::now())
    }

    /// Whether it does, for those who have read the clock.
    pub(super) fn reigns_at(&self, reign: u64, now: Instant) -> bool {
        self.reading.load(Ordering::Acquire)
            && self.reign.load(Ordering::Acquire) == reign
            && (!self.led || self.micros(now) < self.lease_end.load(Ordering::Acquire))
    }

    pub(super) fn reign(&self) -> u64 {
        self.reign.load(Ordering::Acquire)
    }

    pub(super) fn is_reading(&self) -> bool {
        self.reigns(self.reign())
    }

    /// How many more entries may be taken; waits for the first, at most so long.
    pub(super) fn room(&self, wait: Duration) -> usize {
        let full =
            |flight: &mut Flight| flight.entries.len() >= self.most && flight.deadline.is_none();
        let (flight, _) = self
            .room
            .wait_timeout_while(self.lock(), wait, full)
            .unwrap_or_else(PoisonError::into_inner);
        self.most.saturating_sub(flight.entries.len())
    }

    pub(super) fn took(&self, entries: impl Iterator<Item = EntryId>) {
        let mut flight = self.lock();
        for entry in entries {
            flight.entries.insert(entry, ());
        }
    }

    /// Those that are handed out and not settled.
    pub(super) fn in_flight(&self) -> Vec<EntryId> {
        self.lock().entries.keys().collect()
    }

    pub(super) fn in_flight_count(&self) -> usize {
        self.lock().entries.len()
    }

    /// Hands over what became of entries of a reign.
    pub(super) fn settle(&self, reign: u64, settlements: impl Iterator<Item = Settlement>) {
        let mut flight = self.lock();
        if self.reign.load(Ordering::Acquire) == reign && self.reading.load(Ordering::Acquire) {
            let was_empty = flight.settlements.is_empty();
            flight.settlements.extend(settlements);
            drop(flight);
            if was_empty {
                self.work.notify_all();
            }
        }
    }

    /// What is to be settled; waits for the first, at most so long. `None` when there will be no more.
    pub(super) fn take_settlements(&self, wait: Duration) -> Option<Vec<Settlement>> {
        let nothing = |flight: &mut Flight| flight.settlements.is_empty() && !flight.closed;
        let (mut flight, _) = self
            .work
            .wait_timeout_while(self.lock(), wait, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        if flight.settlements.is_empty() && flight.closed {
            return None;
        }
        // One call for many: what comes in the next moment joins in, unless somebody waits for this.
        let is_alone = |flight: &mut Flight| {
            (1..FEW).contains(&flight.settlements.len())
                && flight.entries.len() <= self.most / 2
                && flight.deadline.is_none()
                && !flight.closed
        };
        if is_alone(&mut flight) {
            flight = self
                .work
                .wait_timeout_while(flight, LINGER, is_alone)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Some(std::mem::take(&mut flight.settlements))
    }

    /// These were settled.
    pub(super) fn settled(&self, settlements: &[Settlement]) {
        let mut flight = self.lock();
        for settlement in settlements.iter().filter(|settlement| settlement.finished) {
            flight.entries.remove(settlement.entry);
        }
        drop(flight);
        self.room.notify_all();
    }

    pub(super) fn stop(&self, deadline: Instant) {
        self.lock().deadline = Some(deadline);
        self.room.notify_all();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.lock().deadline.is_some()
    }

    pub(super) fn is_past_deadline(&self) -> bool {
        let deadline = self.lock().deadline;
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
    }

    /// Sleeps, but not beyond the deadline of a stop.
    pub(super) fn pause_settling(&self, time: Duration) {
        let deadline = self.lock().deadline;
        let left = deadline.map_or(time, |deadline| {
            deadline.saturating_duration_since(Instant::now()).min(time)
        });
        std::thread::sleep(left);
    }

    /// Sleeps, unless the consumer stops.
    pub(super) fn pause(&self, time: Duration) {
        drop(
            self.room
                .wait_timeout_while(self.lock(), time, |flight| flight.deadline.is_none()),
        );
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} for {})", self.topic, self.group)
    }
}
