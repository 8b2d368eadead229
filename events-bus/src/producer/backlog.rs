//! The events that wait to be published to one topic: their number, and the room for more.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::kept::number;
use super::outbox::GROUP;
use super::queue::Queue;
use crate::deadline;
use crate::metrics::ProducerMetrics;
use crate::transport::{SharedTransport, TransportError, TransportErrorKind, names};

/// Maximum number of events that may wait for one topic, and the time for which a sender waits for room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    pub(crate) events: u64,
    /// Zero refuses at once.
    pub(crate) wait: Duration,
}

/// The events that wait to be published to one topic.
pub(crate) struct Backlog {
    /// Full name of the topic.
    pub(super) topic: String,
    /// Name of the topic in the store of the outbox.
    pub(super) outbox: String,
    pub(super) metrics: ProducerMetrics,
    /// The waiting events of an outbox in memory.
    pub(super) queue: Queue,
    /// Number of waiting events. With a store, an estimate that is corrected every second.
    count: AtomicU64,
    /// Number of events that a sender is about to put into the store. They are part of `count`.
    entering: AtomicU64,
    /// Number of events that have left the queue in memory.
    left: AtomicU64,
    /// Reason of the last failure, until a batch is published.
    failure: Mutex<Option<Box<str>>>,
    changed: (Mutex<()>, Condvar),
}

impl Backlog {
    pub(crate) fn new(topic: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            outbox: names::outbox(topic),
            metrics: ProducerMetrics::new(topic),
            queue: Queue::default(),
            count: AtomicU64::new(0),
            entering: AtomicU64::new(0),
            left: AtomicU64::new(0),
            failure: Mutex::default(),
            changed: (Mutex::new(()), Condvar::new()),
        }
    }

    /// Returns the number of events that wait in memory.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Returns the number of events that have left the queue in memory.
    pub(super) fn left(&self) -> u64 {
        self.left.load(Ordering::Acquire)
    }

    /// Returns the reason of the last failure to publish, unless a batch was published since.
    pub(crate) fn failure(&self) -> Option<Box<str>> {
        self.lock_failure().clone()
    }

    pub(super) fn set_failure(&self, failure: Option<Box<str>>) {
        *self.lock_failure() = failure;
    }

    fn lock_failure(&self) -> MutexGuard<'_, Option<Box<str>>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Corrects the count by what the store says, which other processes use as well. An event that is being put in at this moment
    /// may be counted twice until the next correction, and is never left out.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    pub(crate) fn recount(&self, store: &SharedTransport) -> Result<(), TransportError> {
        let entering = self.entering.load(Ordering::Acquire);
        let before = self.count();
        let stored = Rows::of(store, &self.outbox)?.waiting();
        let now = stored.saturating_add(entering);
        let correct = |count: u64| {
            Some(if now >= before {
                count.saturating_add(now - before)
            } else {
                count.saturating_sub(before - now)
            })
        };
        let _ = self
            .count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, correct);
        self.announce(self.count());
        Ok(())
    }

    /// Takes published events out of the count.
    pub(super) fn leave(&self, published: u64) {
        self.left.fetch_add(published, Ordering::AcqRel);
        let before = self
            .count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
                Some(count.saturating_sub(published))
            });
        self.announce(before.unwrap_or_default().saturating_sub(published));
    }

    fn announce(&self, count: u64) {
        self.metrics.outbox(count);
        drop(self.lock_changed());
        self.changed.1.notify_all();
    }

    fn lock_changed(&self) -> MutexGuard<'_, ()> {
        let changed = self.changed.0.lock();
        changed.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until events have left, at most for a time.
    pub(super) fn wait(&self, time: Duration) {
        let guard = self.lock_changed();
        drop(self.changed.1.wait_timeout(guard, time));
    }

    /// Waits until nothing waits in memory and events have left up to `target`, at most until the deadline.
    pub(super) fn wait_until_left(&self, target: u64, deadline: Instant) {
        let guard = self.lock_changed();
        let left = deadline.saturating_duration_since(Instant::now());
        let waits = |(): &mut ()| self.count() > 0 && self.left() < target;
        drop(self.changed.1.wait_timeout_while(guard, left, waits));
    }

    /// Takes a place and calls something that puts an event into the store.
    ///
    /// # Errors
    /// Returns the number of waiting events if there is no room, and the error of the call.
    pub(super) fn put(
        &self,
        capacity: Capacity,
        call: impl FnOnce() -> Result<(), TransportError>,
    ) -> Result<Result<(), TransportError>, u64> {
        // A guard, since the store may panic.
        let entering = Entering::new(self);
        self.enter(capacity)?;
        let mut place = Place::new(self);
        let result = call();
        place.is_used = result.is_ok();
        drop(place);
        drop(entering);
        Ok(result)
    }

    /// Takes a place.
    ///
    /// # Errors
    /// Returns the number of waiting events if there is no room.
    pub(super) fn enter(&self, capacity: Capacity) -> Result<(), u64> {
        let take = |count: u64| (count < capacity.events).then_some(count + 1);
        let try_enter = || {
            self.count
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, take)
        };
        let Err(count) = try_enter() else {
            return Ok(());
        };
        if capacity.wait.is_zero() {
            return Err(count);
        }
        let deadline = deadline::after(capacity.wait);
        let mut guard = self.lock_changed();
        loop {
            let Err(count) = try_enter() else {
                return Ok(());
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(count);
            }
            guard = self
                .changed
                .1
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl fmt::Debug for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events for {}", self.count(), self.topic)
    }
}

/// A sender between its decision to put an event in and the answer of the store.
struct Entering<'a>(&'a Backlog);

impl<'a> Entering<'a> {
    fn new(backlog: &'a Backlog) -> Self {
        backlog.entering.fetch_add(1, Ordering::AcqRel);
        Self(backlog)
    }
}

impl Drop for Entering<'_> {
    fn drop(&mut self) {
        self.0.entering.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A place in the count, which is given back unless it is used.
struct Place<'a> {
    backlog: &'a Backlog,
    is_used: bool,
}

impl<'a> Place<'a> {
    fn new(backlog: &'a Backlog) -> Self {
        Self {
            backlog,
            is_used: false,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.backlog.leave(1);
        }
    }
}

/// Rows of an outbox topic, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rows {
    /// Number of rows, published ones that are still kept included.
    all: u64,
    /// Number of rows that are not published.
    unpublished: u64,
    /// Number of requeued records that are not published. They are not rows of the topic.
    requeued: u64,
    /// Numbers of the oldest and the newest row.
    span: Option<(u64, u64)>,
}

impl Rows {
    /// Asks a store for the rows of an outbox topic.
    ///
    /// # Errors
    /// Returns an error if the store does not answer, or does not know.
    pub(super) fn of(store: &SharedTransport, outbox: &str) -> Result<Self, TransportError> {
        let Some(status) = store.status(outbox)? else {
            return Ok(Self::default());
        };
        let mut rows = Self {
            all: status.entries,
            unpublished: status.entries,
            requeued: 0,
            span: status.oldest.map(number).zip(status.newest.map(number)),
        };
        // Without the group, no publisher has ever led.
        if let Some(group) = status.groups.iter().find(|group| group.group == GROUP) {
            let unread = group.unread.ok_or_else(|| unknown(store, outbox))?;
            rows.unpublished = unread.saturating_add(group.pending);
            rows.requeued = group.requeued;
        }
        Ok(rows)
    }

    /// Returns the number of events that wait.
    pub(super) const fn waiting(self) -> u64 {
        self.unpublished.saturating_add(self.requeued)
    }

    /// Returns the number of published rows. They come before all others.
    pub(super) const fn published(self) -> u64 {
        self.all.saturating_sub(self.unpublished)
    }

    /// Returns the number of events that waited at an earlier moment and still wait.
    ///
    /// Rows are published in order, and removed from the front after that. So once as many published rows are there as there are
    /// rows of that moment, all of those are published. Numbers may have gaps, which makes the answer too large and never too small.
    pub(super) fn still_waiting(self, earlier: Self) -> u64 {
        let there = match (self.span, earlier.span) {
            (Some((oldest, _)), Some((_, newest))) => {
                earlier.all.min((newest + 1).saturating_sub(oldest))
            }
            _ => 0,
        };
        let rows = there.saturating_sub(self.published()).min(self.unpublished);
        rows.saturating_add(self.requeued.min(earlier.requeued))
    }
}

fn unknown(store: &SharedTransport, outbox: &str) -> TransportError {
    TransportError::new(
        TransportErrorKind::Refused,
        store.name(),
        format!(
            "cannot tell how many rows of `{outbox}` are not published; use another store for the outbox"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with these numbers, of which the last ones are not published.
    fn rows(numbers: std::ops::RangeInclusive<u64>, unpublished: u64) -> Rows {
        Rows {
            all: numbers.clone().count() as u64,
            unpublished,
            requeued: 0,
            span: Some((*numbers.start(), *numbers.end())),
        }
    }

    #[test]
    fn rows_that_came_later_do_not_count() {
        let before = rows(1..=10, 4);
        assert_eq!(rows(1..=10, 4).still_waiting(before), 4);
        assert_eq!(rows(1..=30, 24).still_waiting(before), 4);
        assert_eq!(rows(1..=30, 21).still_waiting(before), 1);
        assert_eq!(rows(1..=10, 2).still_waiting(before), 2);
        assert_eq!(rows(1..=30, 20).still_waiting(before), 0);
        assert_eq!(Rows::default().still_waiting(before), 0);
        assert_eq!(before.still_waiting(Rows::default()), 0);
    }

    #[test]
    fn removed_rows_are_published() {
        let before = rows(1..=10, 4);
        assert_eq!(rows(6..=30, 24).still_waiting(before), 4);
        assert_eq!(rows(8..=30, 22).still_waiting(before), 2);
        assert_eq!(rows(10..=30, 20).still_waiting(before), 0);
        assert_eq!(rows(11..=30, 20).still_waiting(before), 0);
    }

    #[test]
    fn requeued_records_count() {
        let requeued = |requeued| Rows {
            requeued,
            ..Rows::default()
        };
        assert_eq!(requeued(2).waiting(), 2);
        assert_eq!(requeued(1).still_waiting(requeued(2)), 1);
        assert_eq!(requeued(1).still_waiting(requeued(0)), 0);
    }
}
