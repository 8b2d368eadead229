//! Where events wait until they are published.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::queue::{Queue, Sent};
use super::report::Reports;
use crate::deadline;
use crate::metrics::ProducerMetrics;
use crate::transport::{SharedTransport, TransportError, TransportErrorKind, names};

/// The group in which the publisher of an outbox reads it.
pub(super) const GROUP: &str = "publisher";

/// Where a bus puts what is sent.
#[derive(Debug)]
pub(crate) enum Outbox {
    /// The transport itself, which keeps an event before the send returns.
    Direct {
        transport: SharedTransport,
        reports: Reports,
    },
    /// Somewhere in between, which publishers empty.
    Between {
        store: Store,
        limit: Limit,
        waiting: BTreeMap<String, Arc<Waiting>>,
    },
}

/// What is in between.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// The memory of the process: a queue for each topic.
    Memory,
    /// A transport that outlasts the process.
    Kept(SharedTransport),
}

/// How many events may wait for one topic, and what a sender does when so many do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) capacity: u64,
    /// How long a sender waits for room; with zero it is refused at once.
    pub(crate) wait: Duration,
}

/// What waits for one topic.
pub(crate) struct Waiting {
    pub(super) topic: String,
    pub(super) outbox: String,
    pub(super) metrics: ProducerMetrics,
    /// Those of them that wait in memory.
    pub(super) queue: Queue,
    count: AtomicU64,
    /// Of those, what a sender is about to put into the store.
    entering: AtomicU64,
    changed: (Mutex<()>, Condvar),
}

impl Waiting {
    pub(crate) fn new(topic: &str) -> Arc<Self> {
        Arc::new(Self {
            topic: topic.to_owned(),
            outbox: names::outbox(topic),
            metrics: ProducerMetrics::new(topic),
            queue: Queue::default(),
            count: AtomicU64::new(0),
            entering: AtomicU64::new(0),
            changed: (Mutex::new(()), Condvar::new()),
        })
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Corrects the count by what the store says, which other processes may use as well. What is being put in at this moment may be
    /// counted twice until the next time, and never not at all.
    pub(super) fn recount(
        &self,
        ask: impl FnOnce() -> Result<Option<u64>, TransportError>,
    ) -> Result<(), TransportError> {
        let (entering, before) = (self.entering.load(Ordering::Acquire), self.count());
        if let Some(stored) = ask()? {
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
            self.tell(self.count());
        }
        Ok(())
    }

    pub(super) fn left(&self, published: u64) {
        let before = self
            .count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
                Some(count.saturating_sub(published))
            });
        self.tell(before.unwrap_or_default().saturating_sub(published));
    }

    fn tell(&self, count: u64) {
        self.metrics.outbox(count);
        drop(self.changed.0.lock());
        self.changed.1.notify_all();
    }

    /// Puts a record into a store, or says how many wait.
    fn put_into(
        &self,
        store: &SharedTransport,
        event: Sent<'_>,
        limit: Limit,
    ) -> Result<Result<(), TransportError>, u64> {
        self.entering.fetch_add(1, Ordering::AcqRel);
        let result = self.enter(limit).map(|()| {
            let kept = store.publish(&self.outbox, &[event.into_record()], None);
            kept.map(drop).inspect_err(|_| self.left(1))
        });
        self.entering.fetch_sub(1, Ordering::AcqRel);
        result
    }

    /// Takes a place, or says how many wait.
    fn enter(&self, limit: Limit) -> Result<(), u64> {
        let take = |count: u64| (count < limit.capacity).then_some(count + 1);
        let try_enter = || {
            self.count
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, take)
        };
        let Err(count) = try_enter() else {
            return Ok(());
        };
        if limit.wait.is_zero() {
            return Err(count);
        }
        let deadline = deadline::after(limit.wait);
        let mut guard = self
            .changed
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
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

    /// Waits until nothing waits, at most until the deadline. Says how many still do.
    pub(crate) fn drained(&self, deadline: Instant) -> u64 {
        let guard = self
            .changed
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        drop(
            self.changed
                .1
                .wait_timeout_while(guard, left, |()| self.count() > 0),
        );
        self.count()
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.count(), self.topic)
    }
}

impl Outbox {
    /// Where records of a topic go.
    pub(crate) fn place(&self, topic: &str) -> Place {
        Place {
            topic: topic.to_owned(),
            metrics: ProducerMetrics::new(topic),
            waiting: match self {
                Self::Direct { .. } => None,
                Self::Between { waiting, .. } => waiting.get(topic).cloned(),
            },
        }
    }

    /// Takes an event. When this returns, it is kept as well as the outbox keeps it.
    pub(super) fn put(&self, place: &Place, event: Sent<'_>) -> Result<(), TransportError> {
        let metrics = &place.metrics;
        let result = match (self, &place.waiting) {
            (Self::Direct { transport, reports }, _) => {
                let records = &[event.into_record()];
                transport.publish(&place.topic, records, None).map(|ids| {
                    metrics.published(1);
                    reports.published(&place.topic, records.iter(), &ids);
                })
            }
            (Self::Between { store, limit, .. }, Some(waiting)) => {
                let result = match store {
                    Store::Memory => waiting.enter(*limit).map(|()| {
                        waiting.queue.push(event);
                        Ok(())
                    }),
                    Store::Kept(store) => waiting.put_into(store, event, *limit),
                };
                result.unwrap_or_else(|count| Err(full(&place.topic, count, *limit)))
            }
            (Self::Between { .. }, None) => Err(TransportError::new(
                TransportErrorKind::Refused,
                "outbox",
                format!(
                    "topic `{}` has no outbox: no route leads to it",
                    place.topic
                ),
            )),
        };
        match result {
            Ok(()) => metrics.sent(1),
            Err(_) => metrics.refused(),
        }
        result
    }
}

/// Where records of one topic go.
pub(crate) struct Place {
    topic: String,
    metrics: ProducerMetrics,
    waiting: Option<Arc<Waiting>>,
}

fn full(topic: &str, count: u64, limit: Limit) -> TransportError {
    let waited = if limit.wait.is_zero() {
        "`when_full` says to refuse".to_owned()
    } else {
        format!("none was published in {:?}", limit.wait)
    };
    TransportError::new(
        TransportErrorKind::Full,
        "outbox",
        format!(
            "{count} events wait to be published to `{topic}`, which is its capacity, and {waited}; the event was not taken: see \
             why nothing is published (`events bus status`), or raise `bus.outbox.capacity`"
        ),
    )
}
