//! Publishers: threads that publish the events of an outbox in their order, in batches.
//!
//! A publisher takes a batch only when the one before it is published, and numbers what it publishes, see
//! [`numbered`](super::numbered).

mod in_store;
mod memory;
mod stored;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backlog::Backlog;
use super::lease::Leases;
use super::numbered::{Backing, Numbered, Outcome};
use super::outbox::Store;
use super::report::Reports;
use crate::backoff::Backoff;
use crate::record::Record;
use crate::throttle::throttled;
use crate::transport::SharedTransport;
use crate::worker::{Stop, Unfinished, Worker};

/// Time that a publisher waits for the first event.
const WAIT: Duration = Duration::from_millis(200);

/// Time that a publisher rests after a batch that was not full, so that the next is larger and fewer senders have to wake it.
const LINGER: Duration = Duration::from_millis(1);

/// A thread that publishes the events of one topic.
#[derive(Debug)]
pub(crate) struct Publisher(Worker);

/// Everything that a publisher works with.
pub(crate) struct Work {
    pub(crate) store: Store,
    pub(crate) transport: SharedTransport,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) leases: Leases,
    /// Length of the lease on the store.
    pub(crate) lease: Duration,
    pub(crate) max_batch: usize,
    pub(crate) reports: Reports,
}

impl Publisher {
    /// Starts a publisher.
    ///
    /// # Errors
    /// Returns an error if the operating system starts no thread.
    pub(crate) fn start(work: Work) -> std::io::Result<Self> {
        let run = move |stop: &Stop| match &work.store {
            Store::Memory => memory::run(&work, stop),
            Store::Kept(store) => stored::run(&work, store, stop),
        };
        Worker::start("events-publisher", run).map(Self)
    }

    /// Ends the publisher after the current attempt, and waits for that at most until the deadline.
    ///
    /// # Errors
    /// Returns an error if the publisher still runs or has panicked.
    pub(crate) fn stop(&mut self, deadline: Instant) -> Result<(), Unfinished> {
        self.0.join(deadline)
    }
}

impl Work {
    /// Publishes a batch, however long that takes. Returns `false` if the publisher must not go on.
    fn publish(
        &self,
        numbered: &mut Numbered,
        (records, numbers): (&[Record], &[u64]),
        backing: &mut impl Backing,
        stop: &Stop,
        backoff: &mut Backoff,
    ) -> bool {
        let topic = &*self.backlog.topic;
        let metrics = &self.backlog.metrics;
        let mut has_failed = false;
        loop {
            let result = numbered.publish(&self.transport, topic, records, numbers, backing);
            let error = match result {
                Ok(Outcome::Published(ids)) => {
                    backoff.reset();
                    self.backlog.set_failure(None);
                    if has_failed {
                        tracing::info!(
                            target: "events_bus::producer", topic, records = records.len(),
                            "published events after earlier attempts had failed"
                        );
                    }
                    self.reports.published(topic, metrics, records, &ids);
                    return true;
                }
                Ok(Outcome::Ended) => return false,
                Err(error) => error,
            };
            has_failed = true;
            self.backlog.set_failure(Some(error.to_string().into()));
            self.reports.failed(topic, metrics, records, &error);
            throttled!(
                warn, target: "events_bus::producer", topic, %error, records = records.len(),
                waiting = self.backlog.count(), "cannot publish, retrying"
            );
            if stop.sleep(backoff.next()) {
                return false;
            }
        }
    }

    /// Reports a panic of the publisher, its transport or its store.
    fn panicked(&self, panic: &str) {
        self.backlog
            .set_failure(Some(format!("a publisher panicked: {panic}").into()));
        self.reports.panicked();
        throttled!(
            error, target: "events_bus::producer", topic = &*self.backlog.topic, panic,
            waiting = self.backlog.count(), "a publisher panicked, retrying"
        );
    }
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(50), Duration::from_secs(5))
}
