//! What a producer tells those who watch it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::Record;
use crate::transport::{EntryId, TransportError};

/// What is told of each record that is published.
pub(crate) type OnPublished = Arc<dyn Fn(&Published<'_>) + Send + Sync>;

/// A record that was published, or could not be so far.
#[non_exhaustive]
pub struct Published<'a> {
    /// The full name of the topic.
    pub topic: &'a str,
    /// The record.
    pub record: &'a Record,
    /// The entry that it became; none where an earlier attempt had published it already.
    ///
    /// # Errors
    /// An attempt failed. The record stays in the outbox and is tried again.
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

/// What a producer has done since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProducerStats {
    /// Records that were published.
    pub published: u64,
    /// Attempts to publish that failed.
    pub failures: u64,
}

/// Counts, and tells whoever asked to be told.
#[derive(Clone, Default)]
pub(crate) struct Reports {
    numbers: Arc<(AtomicU64, AtomicU64)>,
    observer: Option<OnPublished>,
}

impl Reports {
    pub(crate) fn new(observer: Option<OnPublished>) -> Self {
        Self {
            numbers: Arc::default(),
            observer,
        }
    }

    pub(crate) fn stats(&self) -> ProducerStats {
        ProducerStats {
            published: self.numbers.0.load(Ordering::Relaxed),
            failures: self.numbers.1.load(Ordering::Relaxed),
        }
    }

    pub(super) fn published<'a>(
        &self,
        topic: &str,
        records: impl ExactSizeIterator<Item = &'a Record>,
        ids: &[Option<EntryId>],
    ) {
        self.numbers
            .0
            .fetch_add(records.len() as u64, Ordering::Relaxed);
        if self.observer.is_some() {
            for (record, id) in records.zip(ids) {
                self.tell(topic, record, Ok(*id));
            }
        }
    }

    pub(super) fn failed<'a>(
        &self,
        topic: &str,
        records: impl Iterator<Item = &'a Record>,
        error: &TransportError,
    ) {
        self.numbers.1.fetch_add(1, Ordering::Relaxed);
        if self.observer.is_some() {
            for record in records {
                self.tell(topic, record, Err(error));
            }
        }
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
        // It is foreign, and publishing must not end with it.
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| observer(&published)));
        if told.is_err() {
            tracing::error!(target: "events_bus::producer", "an observer of the producer panicked");
        }
    }
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}
