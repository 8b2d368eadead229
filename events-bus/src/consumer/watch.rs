//! Watch: runs the receivers of one delivery, and knows how far they are when one of them does not come back.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use events_core::delivery::{Redelivery, Watch};
use events_core::{ReceiverInfo, Responses};

use super::Shared;
use super::decode::Job;
use super::delivery::Delivery;
use super::policy::Failure;
use super::term::Term;
use crate::trace::{Current, TraceContext};

/// Progress of the receivers of one delivery. The thread that runs them writes it; the thread that gives it up reads it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Number of receivers that have begun.
    begun: AtomicUsize,
    /// Number of receivers that had begun when the last one ended without a panic.
    returned: AtomicUsize,
    /// Receivers that failed, by their place among those that run.
    failures: Mutex<Vec<(usize, Failure)>>,
    /// `true` while the next receiver waits for the lease.
    is_waiting: AtomicBool,
    /// `true` if a receiver did not start because the term is over.
    is_refused: AtomicBool,
    is_given_up: AtomicBool,
}

/// Progress at the moment at which a delivery was given up.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) begun: usize,
    pub(super) returned: usize,
    failures: Vec<(usize, Failure)>,
}

impl Snapshot {
    /// Takes the failure of the receiver at a place among those that run.
    pub(super) fn take_failure(&mut self, index: usize) -> Option<Failure> {
        let found = self.failures.iter().position(|(at, _)| *at == index)?;
        Some(self.failures.swap_remove(found).1)
    }
}

impl Progress {
    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.is_waiting.load(Ordering::Acquire)
    }

    /// Gives the delivery up: no further receiver starts.
    pub(super) fn give_up(&self) -> Snapshot {
        // Either this thread sees that a receiver has begun, or the other one sees that it must not.
        self.is_given_up.store(true, Ordering::SeqCst);
        let begun = self.begun.load(Ordering::SeqCst);
        let failures = self.failures.lock();
        Snapshot {
            begun,
            returned: self.returned.load(Ordering::Acquire),
            failures: failures.unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    fn fail(&self, failure: Failure) {
        let begun = self.begun();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push((begun - 1, failure));
        drop(failures);
        self.returned.store(begun, Ordering::Release);
    }
}

/// Progress with the term whose lease covers the receivers.
struct Watcher<'a> {
    progress: &'a Progress,
    term: &'a Term,
}

impl Watcher<'_> {
    /// Returns `true` if the lease covers a moment, or is renewed; `false` if the term is over.
    fn is_covered(&self, now: Instant) -> bool {
        if self.term.covers(now) {
            return true;
        }
        self.progress.is_waiting.store(true, Ordering::Release);
        let is_covered = self.term.wait_for_lease();
        self.progress.is_waiting.store(false, Ordering::Release);
        is_covered
    }
}

impl Watch for Watcher<'_> {
    fn may_run(&self, _: &ReceiverInfo) -> bool {
        let progress = self.progress;
        let begun = progress.begun();
        // The lease was checked for the first one.
        if begun > 0 {
            if progress.returned.load(Ordering::Relaxed) < begun {
                progress.fail(Failure::panic("see the log"));
            }
            if !self.is_covered(Instant::now()) {
                progress.is_refused.store(true, Ordering::Relaxed);
                return false;
            }
        }
        progress.begun.fetch_add(1, Ordering::SeqCst);
        !progress.is_given_up.load(Ordering::SeqCst)
    }

    fn came_back(&self, _: &ReceiverInfo) {
        let begun = self.progress.begun();
        self.progress.returned.store(begun, Ordering::Release);
    }

    fn failed(&self, _: &ReceiverInfo, error: &(dyn Error + 'static)) {
        self.progress.fail(Failure::error(error));
    }
}

/// Runs the receivers of a delivery, and sets `ended` to the time at which they were through. No lock is held. Returns `None` if
/// the term ended before all of them had started: the result counts for nothing.
pub(super) fn run(
    job: &Job,
    delivery: &Delivery,
    shared: &Shared,
    ended: &mut Instant,
) -> Option<Responses> {
    let (Ok(record), Some((_, event))) = (job.record(), job.event()) else {
        return None;
    };
    let source = &job.term.source;
    let how = if shared.from_event_bus || record.from_event_bus {
        Redelivery::from_event_bus()
    } else {
        Redelivery::from_outbox()
    };
    let watcher = Watcher {
        progress: &job.progress,
        term: &job.term,
    };
    let selects = |info: &ReceiverInfo| delivery.selects(info);
    let mut how = how.running_durable().watched_by(&watcher);
    if !matches!(delivery, Delivery::All) {
        how = how.only(&selects);
    }
    if job.entry.retry.is_some() {
        source.metrics.retried();
    }
    let began = Instant::now();
    if !watcher.is_covered(began) {
        return None;
    }
    let trace = record.trace.as_ref().map(TraceContext::child);
    let responses = TraceContext::enter(Current::or_new(trace), || {
        let span = tracing::debug_span!(
            target: "events_bus", "events_bus.handle", event_type = record.metadata.event_type(),
            event_id = %record.metadata.id(), topic = &*source.topic, group = &*source.group,
            entry = %job.entry.id, traceparent = TraceContext::current().map(tracing::field::display)
        );
        span.in_scope(|| event.get().redeliver(&record.metadata, how))
    });
    let responses = shared.settle_tasks(responses);
    *ended = Instant::now();
    if job.progress.is_refused.load(Ordering::Relaxed) {
        return None;
    }
    let time = ended.duration_since(began);
    source.metrics.handled(responses.len(), time);
    Some(responses)
}
