//! Source: a topic that a consumer reads, with its current term and the state of a stop.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::term::Term;
use crate::config::{ConsumerConfig, UnknownTypes};
use crate::metrics::ConsumerMetrics;
use crate::throttle::throttled;
use crate::transport::{Epoch, Member, SharedTransport, TransportError};

/// Topic of a consumer.
pub(super) struct Source {
    pub(super) transport: SharedTransport,
    pub(super) topic: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) consumer: Arc<str>,
    /// `true` if one consumer of the group reads at a time.
    pub(super) is_led: bool,
    pub(super) unknown_types: UnknownTypes,
    pub(super) metrics: ConsumerMetrics,
    /// Maximum number of entries in flight.
    pub(super) max_in_flight: usize,
    /// Maximum size of the records in flight in bytes. One entry more may be in flight.
    pub(super) max_bytes: usize,
    origin: Instant,
    is_stopping: AtomicBool,
    control: Mutex<Control>,
    changed: Condvar,
}

#[derive(Default)]
struct Control {
    term: Option<Arc<Term>>,
    /// Number of terms that have begun.
    terms: u64,
    /// Types of events that no receiver wanted.
    unheard: Vec<&'static str>,
    /// End of the time that a stop may take.
    deadline: Option<Instant>,
    /// `true` if no receiver runs any more.
    is_closed: bool,
}

impl Source {
    pub(super) fn new(
        transport: SharedTransport,
        [topic, group, consumer]: [&str; 3],
        config: &ConsumerConfig,
        is_led: bool,
        unknown_types: UnknownTypes,
    ) -> Self {
        Self {
            transport,
            topic: topic.into(),
            group: group.into(),
            consumer: consumer.into(),
            is_led,
            unknown_types,
            metrics: ConsumerMetrics::new(topic, group),
            max_in_flight: config.max_in_flight.max(1),
            max_bytes: config.max_in_flight_bytes.max(1),
            origin: Instant::now(),
            is_stopping: AtomicBool::new(false),
            control: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Returns the member of the group without an epoch.
    pub(super) fn member(&self) -> Member<'_> {
        Member::new(&self.topic, &self.group, &self.consumer)
    }

    fn lock(&self) -> MutexGuard<'_, Control> {
        // Nothing that can panic runs under the lock.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the microseconds between the start of the consumer and a moment.
    pub(super) fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.origin).as_micros()).unwrap_or(u64::MAX)
    }

    /// Begins a term. The former one is over.
    pub(super) fn begin(self: &Arc<Self>, epoch: Option<Epoch>, lease_end: Instant) -> Arc<Term> {
        let term = Arc::new(Term::new(Arc::clone(self), epoch, lease_end));
        let mut control = self.lock();
        let former = control.term.replace(Arc::clone(&term));
        control.terms += 1;
        drop(control);
        if let Some(former) = former {
            former.end();
        }
        self.changed.notify_all();
        term
    }

    /// Waits for the term after the `seen`th one. Returns `None` if there will be none.
    pub(super) fn wait_for_term(&self, seen: &mut u64) -> Option<Arc<Term>> {
        let waits = |control: &mut Control| control.terms == *seen && !control.is_closed;
        let control = self
            .changed
            .wait_while(self.lock(), waits)
            .unwrap_or_else(PoisonError::into_inner);
        if control.terms == *seen {
            return None;
        }
        *seen = control.terms;
        control.term.clone()
    }

    /// Returns the newest term, which may be over.
    pub(super) fn term(&self) -> Option<Arc<Term>> {
        self.lock().term.clone()
    }

    /// Returns `true` if the consumer may read the topic now.
    pub(super) fn is_reading(&self) -> bool {
        self.term().is_some_and(|term| term.covers(Instant::now()))
    }

    /// Asks the source to stop until a deadline: nothing more is received.
    pub(super) fn stop(&self, deadline: Instant) {
        let mut control = self.lock();
        control.deadline = Some(deadline);
        self.is_stopping.store(true, Ordering::SeqCst);
        let term = control.term.clone();
        drop(control);
        self.changed.notify_all();
        if let Some(term) = term {
            term.wake();
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    pub(super) fn is_past_deadline(&self) -> bool {
        let deadline = self.lock().deadline;
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Notes that no receiver runs any more, so that settling ends with the results so far.
    pub(super) fn close(&self) {
        let mut control = self.lock();
        control.is_closed = true;
        let term = control.term.clone();
        drop(control);
        self.changed.notify_all();
        if let Some(term) = term {
            term.close();
        }
    }

    /// Sleeps, but not beyond the deadline of a stop.
    pub(super) fn sleep(&self, time: Duration) {
        let deadline = self.lock().deadline;
        let left = deadline.map_or(time, |deadline| {
            deadline.saturating_duration_since(Instant::now()).min(time)
        });
        std::thread::sleep(left);
    }

    /// Sleeps, unless the consumer stops.
    pub(super) fn pause(&self, time: Duration) {
        drop(
            self.changed
                .wait_timeout_while(self.lock(), time, |control| control.deadline.is_none()),
        );
    }

    /// Returns `true` for the first event of a type that no receiver wants.
    pub(super) fn is_new_unheard(&self, event_type: &'static str) -> bool {
        let mut control = self.lock();
        let is_new = !control.unheard.contains(&event_type);
        if is_new {
            control.unheard.push(event_type);
        }
        is_new
    }

    /// Logs that another consumer has taken the lead.
    pub(super) fn lost(&self, error: &TransportError) {
        throttled!(
                    warn, target: "events_bus::consumer", topic = &*self.topic, group = &*self.group, %error,
            "lost the lead: nothing of this term is settled"
        );
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} for {})", self.topic, self.group)
    }
}
