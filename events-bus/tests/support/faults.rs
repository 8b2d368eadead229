//! A transport behind faults: calls fail, succeed without an answer, panic, or wait while their process is paused.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::{
    Batch, Claim, Claimed, DeadLetter, DeadLetterLimits, Entry, EntryId, Groups, Leadership, Limit,
    Log, Maintenance, Member, Position, Receipt, Retention, RetryId, RetryState, Settlement,
    SharedTransport, Start, TopicStatus, TransportError, TransportErrorKind, Trimmed,
};

/// Fate of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call goes through.
    None,
    /// The call fails, and nothing happened.
    Fails,
    /// The call happens, and its outcome is unknown.
    Applied,
    /// It does not happen, and its outcome is unknown.
    Unapplied,
    /// It panics before anything happened.
    Panics,
    /// It panics after it happened.
    PanicsApplied,
    /// It takes this many milliseconds.
    Takes(u64),
}

/// Decides what becomes of a call, by the name of the method.
pub type Decide = Box<dyn FnMut(&'static str) -> Fault + Send>;

/// A process that can be paused: every call of its transports waits, before it happens and after that.
#[derive(Clone, Default)]
pub struct Process(Arc<(Mutex<bool>, Condvar)>);

impl Process {
    pub fn pause(&self) {
        *self.0.0.lock().unwrap() = true;
    }

    pub fn resume(&self) {
        *self.0.0.lock().unwrap() = false;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let paused = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(paused, |paused| *paused).unwrap());
    }
}

pub struct Faults {
    inner: SharedTransport,
    process: Process,
    decide: Mutex<Decide>,
}

impl Faults {
    pub fn behind(
        inner: &SharedTransport,
        process: &Process,
        decide: impl FnMut(&'static str) -> Fault + Send + 'static,
    ) -> SharedTransport {
        Arc::new(Self {
            inner: Arc::clone(inner),
            process: process.clone(),
            decide: Mutex::new(Box::new(decide)),
        })
    }

    /// A transport without faults whose process can be paused.
    pub fn pausable(inner: &SharedTransport, process: &Process) -> SharedTransport {
        Self::behind(inner, process, |_| Fault::None)
    }

    fn call<T>(
        &self,
        method: &'static str,
        call: impl FnOnce() -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        self.process.wait();
        let decide = &mut *self.decide.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = decide(method);
        let result = match fault {
            Fault::None => call(),
            Fault::Takes(millis) => {
                std::thread::sleep(Duration::from_millis(millis));
                call()
            }
            Fault::Fails => Err(broken(method, "failed")),
            Fault::Applied => {
                call().and_then(|_| Err(broken(method, "did not answer").outcome_unknown()))
            }
            Fault::Unapplied => Err(broken(method, "did not answer").outcome_unknown()),
            Fault::Panics => panic!("{method} panics"),
            Fault::PanicsApplied => {
                drop(call());
                panic!("{method} panics after it happened")
            }
        };
        self.process.wait();
        result
    }
}

fn broken(method: &str, what: &str) -> TransportError {
    let kind = TransportErrorKind::Unavailable;
    TransportError::new(kind, "faults", format!("{method} {what}"))
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

macro_rules! with_faults {
    ($($method:ident($($name:ident: $type:ty),*) -> $answer:ty;)+) => {
        $(
            fn $method(&self, $($name: $type),*) -> Result<$answer, TransportError> {
                self.call(stringify!($method), || self.inner.$method($($name),*))
            }
        )+
    };
}

impl Log for Faults {
    fn name(&self) -> &'static str {
        "faults"
    }

    with_faults! {
        publish(topic: &str, records: &[Record]) -> Vec<EntryId>;
        publish_batch(topic: &str, records: &[Record], batch: Batch<'_>) -> Receipt;
        read(topic: &str, from: Position, limit: usize) -> Vec<Entry>;
    }
}

impl Groups for Faults {
    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        // A long wait would hide the faults of the other calls.
        let wait = wait.min(Duration::from_millis(5));
        self.call("receive", || self.inner.receive(member, limit, wait))
    }

    with_faults! {
        join(topic: &str, group: &str, start: Start) -> ();
        lead(member: Member<'_>, lease: Duration) -> Leadership;
        renew(member: Member<'_>, lease: Duration, entries: &[EntryId]) -> ();
        claim(member: Member<'_>, claim: Claim) -> Claimed;
        settle(member: Member<'_>, settlements: &[Settlement]) -> ();
        release(member: Member<'_>) -> ();
        requeue(topic: &str, group: &str, records: &[Record]) -> ();
        retries(member: Member<'_>) -> Vec<(EntryId, RetryState)>;
        claim_retries(member: Member<'_>, retries: &[RetryId], idle: Duration, trial: bool) -> Vec<Entry>;
    }
}

impl Maintenance for Faults {
    with_faults! {
        topics() -> Vec<TopicStatus>;
        status(topic: &str) -> Option<TopicStatus>;
        dead_letters(topic: &str, after: Option<EntryId>, limit: usize) -> Vec<(EntryId, DeadLetter)>;
        drop_dead_letters(topic: &str, ids: &[EntryId]) -> u64;
        trim_dead_letters(topic: &str, limits: DeadLetterLimits) -> u64;
        trim(topic: &str, retention: Retention) -> Trimmed;
        delete_group(topic: &str, group: &str) -> bool;
        warnings() -> Vec<String>;
        backup(to: &Path) -> ();
        vacuum() -> ();
    }
}
