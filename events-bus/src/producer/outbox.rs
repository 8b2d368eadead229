//! Where events wait until they are published.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::report::Reports;
use crate::deadline;
use crate::metrics::ProducerMetrics;
use crate::record::Record;
use crate::transport::{SharedTransport, TransportError, TransportErrorKind, names};

/// The group in which the publisher of an outbox reads it.
pub(super) const GROUP: &str = "publisher";

/// Where a bus puts what is sent.
#[derive(Debug)]
pub(crate) enum Outbox {
    /// The transport itself, which keeps an event before the send returns.
    Direct {
        transport: SharedTransport,
        metrics: BTreeMap<String, ProducerMetrics>,
        reports: Reports,
    },
    /// A store in between, which publishers empty.
    Stored {
        store: SharedTransport,
        limit: Limit,
        waiting: BTreeMap<String, Arc<Waiting>>,
    },
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

    /// Takes so many places, or none, and says how many wait.
    fn enter_all(&self, places: usize, limit: Limit) -> Result<(), u64> {
        for taken in 0..places {
            self.entering.fetch_add(1, Ordering::AcqRel);
            if let Err(count) = self.enter(limit) {
                self.entering.fetch_sub(taken as u64 + 1, Ordering::AcqRel);
                self.left(taken as u64);
                return Err(count);
            }
        }
        Ok(())
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
    /// Takes records for a topic. When this returns, they are kept as well as the outbox keeps them.
    pub(crate) fn put(&self, topic: &str, records: &[Record]) -> Result<(), TransportError> {
        match self {
            Self::Direct {
                transport,
                metrics,
                reports,
            } => {
                let metrics = metrics.get(topic);
                let result = transport.publish(topic, records, None);
                match result {
                    Ok(ids) => {
                        if let Some(metrics) = metrics {
                            metrics.sent(records.len());
                            metrics.published(records.len());
                        }
                        reports.published(topic, records.iter(), &ids);
                        Ok(())
                    }
                    Err(error) => {
                        if let Some(metrics) = metrics {
                            metrics.refused();
                        }
                        Err(error)
                    }
                }
            }
            Self::Stored {
                store,
                limit,
                waiting,
            } => {
                let waiting = waiting.get(topic).ok_or_else(|| {
                    let message = format!("topic `{topic}` has no outbox: no route leads to it");
                    TransportError::new(TransportErrorKind::Refused, "outbox", message)
                })?;
                // One call of the store for as many as may wait together.
                let most = usize::try_from(limit.capacity.clamp(1, 1000)).unwrap_or(1000);
                for records in records.chunks(most) {
                    let result = waiting
                        .enter_all(records.len(), *limit)
                        .map_err(|count| full(topic, count, *limit))
                        .and_then(|()| {
                            let count = records.len() as u64;
                            let kept = store.publish(&waiting.outbox, records, None);
                            waiting.entering.fetch_sub(count, Ordering::AcqRel);
                            kept.inspect_err(|_| waiting.left(count))
                        });
                    if let Err(error) = result {
                        waiting.metrics.refused();
                        return Err(error);
                    }
                    waiting.metrics.sent(records.len());
                }
                Ok(())
            }
        }
    }
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
