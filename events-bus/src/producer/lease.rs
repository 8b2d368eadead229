//! The lease of a publisher: checked against the clock before each attempt, and renewed while a publisher waits for the transport.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::outbox::GROUP;
use crate::throttle::throttled;
use crate::transport::{Epoch, Member, SharedTransport, TransportError, TransportErrorKind};
use crate::worker::{Stop, Worker, catch};

/// The lease of one publisher on one outbox topic.
#[derive(Debug)]
pub(super) struct Lease {
    store: SharedTransport,
    topic: Box<str>,
    consumer: Arc<str>,
    epoch: Epoch,
    length: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Time before the call that took or renewed the lease.
    renewed: Instant,
    is_lost: bool,
}

impl Lease {
    pub(super) fn new(
        store: &SharedTransport,
        topic: &str,
        consumer: &Arc<str>,
        epoch: Epoch,
        length: Duration,
        taken: Instant,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            topic: topic.into(),
            consumer: Arc::clone(consumer),
            epoch,
            length,
            state: Mutex::new(State {
                renewed: taken,
                is_lost: false,
            }),
        }
    }

    /// Returns the member that acts under the lease.
    pub(super) fn member(&self) -> Member<'_> {
        Member::new(&self.topic, GROUP, &self.consumer).under(self.epoch)
    }

    /// Returns the epoch of the lease.
    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self, parts: u32) -> bool {
        let state = self.state();
        !state.is_lost && state.renewed.elapsed() >= self.length / 3 * parts
    }

    /// Renews the lease. Returns `false` if it is lost.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    pub(super) fn renew(&self) -> Result<bool, TransportError> {
        if self.state().is_lost {
            return Ok(false);
        }
        let now = Instant::now();
        let is_lost = match self.store.renew(self.member(), self.length, &[]) {
            Ok(()) => false,
            Err(error) if error.kind() == TransportErrorKind::LostLease => true,
            Err(error) => return Err(error),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_lost |= is_lost;
        state.renewed = state.renewed.max(now);
        Ok(!state.is_lost)
    }

    /// Returns `true` if the lease holds by the clock. If it is about to end, asks the store first.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    pub(super) fn ensure(&self) -> Result<bool, TransportError> {
        if self.is_due(2) {
            return self.renew();
        }
        Ok(!self.state().is_lost)
    }
}

/// Leases that a thread renews, so that a publisher keeps its lead while a call of the transport takes long.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases(Arc<Mutex<Vec<Weak<Lease>>>>);

impl Leases {
    /// Renews this lease until it is dropped.
    pub(super) fn add(&self, lease: &Arc<Lease>) {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases.retain(|lease| lease.strong_count() > 0);
        leases.push(Arc::downgrade(lease));
    }

    /// Starts the thread that renews leases of a length.
    ///
    /// # Errors
    /// Returns an error if the operating system starts no thread.
    pub(crate) fn start(&self, length: Duration) -> std::io::Result<Worker> {
        let leases = self.clone();
        Worker::start("events-leases", move |stop| leases.run(length / 10, stop))
    }

    fn run(&self, interval: Duration, stop: &Stop) {
        while !stop.sleep(interval) {
            let due: Vec<_> = self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .filter_map(Weak::upgrade)
                .filter(|lease| lease.is_due(1))
                .collect();
            for lease in due {
                let topic = &*lease.topic;
                match catch(|| lease.renew()) {
                    // The publisher finds out when it acts next.
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => throttled!(
                        warn, target: "events_bus::producer", topic, %error, "cannot renew the lease of an outbox, retrying"
                    ),
                    Err(panic) => throttled!(
                        error, target: "events_bus::producer", topic, %panic, "the store of an outbox panicked, retrying"
                    ),
                }
            }
        }
    }
}
