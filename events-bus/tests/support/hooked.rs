//! A transport that a test pauses or fails at chosen calls.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::fmt;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use events_bus::Record;
use events_bus::delegate_transport;
use events_bus::transport::{
    Claim, Claimed, Entry, EntryId, Groups, Leadership, Limit, Member, RetryId, RetryState,
    Settlement, SharedTransport, Start, TransportError, TransportErrorKind,
};

/// Moment of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

type Hook = dyn Fn(&'static str, When) -> Result<(), TransportError> + Send + Sync;

/// A transport whose calls of [`Groups`] ask a hook before and after.
pub struct Hooked {
    inner: SharedTransport,
    hook: Box<Hook>,
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooked")
    }
}

/// Wraps a transport.
pub fn hooked(
    inner: &SharedTransport,
    hook: impl Fn(&'static str, When) -> Result<(), TransportError> + Send + Sync + 'static,
) -> SharedTransport {
    Arc::new(Hooked {
        inner: Arc::clone(inner),
        hook: Box::new(hook),
    })
}

/// Returns an error after which the consumer retries.
pub fn unavailable() -> TransportError {
    TransportError::new(
        TransportErrorKind::Unavailable,
        "hooked",
        "is out for lunch",
    )
    .outcome_unknown()
}

impl Hooked {
    fn call<T>(
        &self,
        name: &'static str,
        call: impl FnOnce() -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        (self.hook)(name, When::Before)?;
        let result = call();
        (self.hook)(name, When::After)?;
        result
    }
}

delegate_transport!(impl Log, Maintenance for Hooked => inner);

impl Groups for Hooked {
    delegate_transport!(inner: join, requeue);

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Leadership, TransportError> {
        self.call("lead", || self.inner.lead(member, lease))
    }

    fn renew(
        &self,
        member: Member<'_>,
        lease: Duration,
        entries: &[EntryId],
    ) -> Result<(), TransportError> {
        self.call("renew", || self.inner.renew(member, lease, entries))
    }

    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        self.call("receive", || self.inner.receive(member, limit, wait))
    }

    fn claim(&self, member: Member<'_>, claim: Claim) -> Result<Claimed, TransportError> {
        self.call("claim", || self.inner.claim(member, claim))
    }

    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError> {
        self.call("settle", || self.inner.settle(member, settlements))
    }

    fn release(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.call("release", || self.inner.release(member))
    }

    fn retries(&self, member: Member<'_>) -> Result<Vec<(EntryId, RetryState)>, TransportError> {
        self.call("retries", || self.inner.retries(member))
    }

    fn claim_retries(
        &self,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Result<Vec<Entry>, TransportError> {
        self.call("claim_retries", || {
            self.inner.claim_retries(member, retries, idle, trial)
        })
    }
}

/// A gate that calls wait at.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn close(&self) {
        *self.0.0.lock().unwrap() = true;
    }

    pub fn open(&self) {
        *self.0.0.lock().unwrap() = false;
        self.0.1.notify_all();
    }

    /// Waits until the gate is open, at most 20 seconds.
    pub fn pass(&self) {
        let closed = self.0.0.lock().unwrap();
        let time = Duration::from_secs(20);
        drop(
            self.0
                .1
                .wait_timeout_while(closed, time, |closed| *closed)
                .unwrap(),
        );
    }
}

/// Returns a record for an event.
pub fn record<E: events_core::Event>(event: &E) -> Record {
    let body = events_bus::wire::encode(event).unwrap();
    Record::new(events_core::EventMetadata::new(E::INFO.event_type), body)
        .with_key(event.key().as_deref())
}

/// Joins a group, which a test does before the bus.
pub fn join(transport: &SharedTransport) {
    transport.join("t", "g", Start::Beginning).unwrap();
}

/// Takes the lead as another process, waiting for the end of a lease.
#[track_caller]
pub fn lead_as<'a>(transport: &SharedTransport, consumer: &'a str, lease: Duration) -> Member<'a> {
    let member = Member::new("t", "g", consumer);
    let began = std::time::Instant::now();
    loop {
        if let Leadership::Leader(epoch) = transport.lead(member, lease).unwrap() {
            return member.under(epoch);
        }
        assert!(began.elapsed() < Duration::from_secs(20), "no lease ends");
        std::thread::sleep(Duration::from_millis(1));
    }
}
