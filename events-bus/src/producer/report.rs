//! Reports of a producer: statistics, and the observer of the program.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::numbered::Incident;
use crate::metrics::ProducerMetrics;
use crate::record::Record;
use crate::throttle::throttled;
use crate::transport::{EntryId, TransportError};
use crate::worker::catch;

/// The observer of a program.
pub(crate) type OnPublished = Arc<dyn Fn(&Published<'_>) + Send + Sync>;

/// Outcome of an attempt to publish a record.
#[non_exhaustive]
pub struct Published<'a> {
    /// Full name of the topic.
    pub topic: &'a str,
    /// The record.
    pub record: &'a Record,
    /// The new entry, or `None` if an earlier attempt whose outcome was unknown had published the record.
    ///
    /// # Errors
    /// The attempt failed, or its outcome is unknown. The record stays in the outbox and is published later.
    pub result: Result<Option<EntryId>, &'a TransportError>,
}

impl fmt::Debug for Published<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published")
            .field("topic", &self.topic)
            .field("record", &self.record)
            .field("result", &self.result)
            .finish()
    }
}

/// Statistics of a producer since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProducerStats {
    /// Number of records that became a new entry.
    pub published: u64,
    /// Number of records that were passed over, because an earlier attempt whose outcome was unknown had published them.
    pub passed_over: u64,
    /// Number of attempts to publish that failed.
    pub failures: u64,
    /// Number of records that were published again, because the transport had forgotten them.
    pub republished: u64,
    /// Number of records that the transport forgot and the outbox no longer kept. An upper bound if the store leaves out numbers.
    pub lost: u64,
    /// Number of times that an outbox took a new identity, because its store was restored or cloned.
    pub new_incarnations: u64,
    /// Number of panics of a publisher, its transport or its store. The publisher goes on after each.
    pub panics: u64,
    /// Number of panics of the observer that [`on_published`](crate::BusBuilder::on_published) registers.
    pub observer_panics: u64,
}

/// Counters, shared by the publishers of a bus.
#[derive(Default)]
struct Counters {
    published: AtomicU64,
    passed_over: AtomicU64,
    failures: AtomicU64,
    republished: AtomicU64,
    lost: AtomicU64,
    new_incarnations: AtomicU64,
    panics: AtomicU64,
    observer_panics: AtomicU64,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

/// Counts, and tells the observer.
#[derive(Clone, Default)]
pub(crate) struct Reports {
    counters: Arc<Counters>,
    observer: Option<OnPublished>,
}

impl Reports {
    pub(crate) fn new(observer: Option<OnPublished>) -> Self {
        Self {
            counters: Arc::default(),
            observer,
        }
    }

    pub(crate) fn stats(&self) -> ProducerStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        ProducerStats {
            published: read(&counters.published),
            passed_over: read(&counters.passed_over),
            failures: read(&counters.failures),
            republished: read(&counters.republished),
            lost: read(&counters.lost),
            new_incarnations: read(&counters.new_incarnations),
            panics: read(&counters.panics),
            observer_panics: read(&counters.observer_panics),
        }
    }

    pub(crate) fn published(
        &self,
        topic: &str,
        metrics: &ProducerMetrics,
        records: &[Record],
        ids: &[Option<EntryId>],
    ) {
        let published = ids.iter().flatten().count();
        let passed_over = ids.len() - published;
        add(&self.counters.published, published as u64);
        add(&self.counters.passed_over, passed_over as u64);
        metrics.published(published, passed_over);
        if self.observer.is_some() {
            for (record, id) in records.iter().zip(ids) {
                self.tell(topic, record, Ok(*id));
            }
        }
    }

    pub(crate) fn failed(
        &self,
        topic: &str,
        metrics: &ProducerMetrics,
        records: &[Record],
        error: &TransportError,
    ) {
        add(&self.counters.failures, 1);
        metrics.publish_failed();
        if self.observer.is_some() {
            for record in records {
                self.tell(topic, record, Err(error));
            }
        }
    }

    pub(super) fn incident(&self, metrics: &ProducerMetrics, incident: Incident) {
        match incident {
            Incident::NewIncarnation => add(&self.counters.new_incarnations, 1),
            Incident::Republished(count) => add(&self.counters.republished, count),
            Incident::Lost(count) => add(&self.counters.lost, count),
        }
        metrics.incident(incident);
    }

    pub(super) fn panicked(&self) {
        add(&self.counters.panics, 1);
    }

    fn tell(&self, topic: &str, record: &Record, result: Result<Option<EntryId>, &TransportError>) {
        let Some(observer) = &self.observer else {
            return;
        };
        let published = Published {
            topic,
            record,
            result,
        };
        // The observer is foreign code, and publishing must not end with it.
        if let Err(panic) = catch(|| observer(&published)) {
            add(&self.counters.observer_panics, 1);
            throttled!(
                error, target: "events_bus::producer", topic, %panic, "the observer of published records panicked"
            );
        }
    }
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}
