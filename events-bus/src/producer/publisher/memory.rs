//! The publisher of an outbox in memory.

use std::thread;

use events_core::Uuid;

use super::{LINGER, WAIT, Work, backoff};
use crate::backoff::Backoff;
use crate::producer::numbered::{Backing, Incident, Numbered};
use crate::producer::queue::Events;
use crate::record::Record;
use crate::transport::TransportError;
use crate::worker::{Stop, catch};

/// Publishes the events of a queue until it is to stop.
pub(super) fn run(work: &Work, stop: &Stop) {
    let mut publisher = InMemory {
        work,
        stop,
        numbered: Numbered::in_memory(),
        events: Events::default(),
        rests: false,
        batch: Vec::new(),
        numbers: Vec::new(),
        backoff: backoff(),
    };
    while !stop.is_set() {
        // A panic of the transport leaves the batch, which is published again under its numbers.
        if let Err(panic) = catch(|| publisher.round()) {
            work.panicked(&panic);
            stop.sleep(publisher.backoff.next());
        }
    }
}

struct InMemory<'a> {
    work: &'a Work,
    stop: &'a Stop,
    numbered: Numbered,
    /// Events that were taken from the queue.
    events: Events,
    /// `true` if they were too few for a batch.
    rests: bool,
    /// The current batch. Empty if it is published.
    batch: Vec<Record>,
    numbers: Vec<u64>,
    backoff: Backoff,
}

impl InMemory<'_> {
    /// Publishes one batch.
    fn round(&mut self) {
        let Self { work, stop, .. } = *self;
        if self.batch.is_empty() && !self.take_batch() {
            return;
        }
        let is_published = work.publish(
            &mut self.numbered,
            (&self.batch, &self.numbers),
            &mut InProcess { work, stop },
            stop,
            &mut self.backoff,
        );
        if is_published {
            work.backlog.leave(self.batch.len() as u64);
            self.batch.clear();
        }
    }

    /// Takes the next batch from the queue. Returns `false` if nothing came for a while.
    fn take_batch(&mut self) -> bool {
        if self.events.is_empty() {
            if std::mem::take(&mut self.rests) {
                thread::sleep(LINGER);
            }
            self.events.clear();
            self.work.backlog.queue.take(&mut self.events, WAIT);
            self.rests = self.events.len() < self.work.max_batch;
        }
        self.batch = self.events.next(self.work.max_batch);
        let first = self.numbered.next();
        self.numbers = (first..first + self.batch.len() as u64).collect();
        !self.batch.is_empty()
    }
}

/// The process itself: it always leads its own memory, and keeps nothing that is published.
struct InProcess<'a> {
    work: &'a Work,
    stop: &'a Stop,
}

impl Backing for InProcess<'_> {
    fn may_publish(&mut self) -> Result<bool, TransportError> {
        Ok(!self.stop.is_set())
    }

    fn confirm(&mut self) -> Result<bool, TransportError> {
        Ok(true)
    }

    fn store_incarnation(&mut self, _: Uuid, _: u64) -> Result<bool, TransportError> {
        Ok(true)
    }

    fn kept(&mut self, _: u64, _: u64) -> Result<Vec<(u64, Record)>, TransportError> {
        Ok(Vec::new())
    }

    fn count(&mut self, incident: Incident) {
        let metrics = &self.work.backlog.metrics;
        self.work.reports.incident(metrics, incident);
    }
}
