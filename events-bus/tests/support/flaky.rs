//! A transport that can be made to fail.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{
    Batch, Claim, Claimed, DeadLetter, DeadLetterLimits, Entry, EntryId, Groups, Leadership, Limit,
    Log, Maintenance, Member, Position, Receipt, Retention, RetryId, RetryState, Settlement, Start,
    TopicStatus, TransportError, TransportErrorKind, Trimmed,
};
use events_bus::{Record, delegate_transport};

/// Topics in memory, behind a connection that breaks when it is told to.
#[derive(Debug, Default)]
pub struct Flaky {
    inner: MemoryTransport,
    /// Nothing gets through.
    pub down: AtomicBool,
    /// Number of calls of `publish` and `publish_batch` that succeed, and then return an unknown outcome.
    pub doubt: AtomicUsize,
    /// Number of calls of `settle` that fail.
    pub unsettled: AtomicUsize,
    /// Number of calls of `publish_batch` that panic.
    pub panics: AtomicUsize,
    pub batches: Mutex<Vec<usize>>,
}

impl Flaky {
    fn check(&self) -> Result<(), TransportError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(broken("is down"));
        }
        Ok(())
    }

    /// Takes one from a counter. Returns `true` if it was above zero.
    pub fn takes(counter: &AtomicUsize) -> bool {
        let less = |count: usize| count.checked_sub(1);
        counter
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
    }

    fn answered(&self, records: usize) -> Result<(), TransportError> {
        if Self::takes(&self.doubt) {
            return Err(broken("did not answer").outcome_unknown());
        }
        self.batches.lock().unwrap().push(records);
        Ok(())
    }
}

fn broken(what: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Unavailable, "flaky", what)
}

/// Writes methods that fail while the transport is down, and forward otherwise.
macro_rules! unless_down {
    ($($method:ident($($name:ident: $type:ty),*) -> $answer:ty;)+) => {
        $(
            fn $method(&self, $($name: $type),*) -> Result<$answer, TransportError> {
                self.check()?;
                self.inner.$method($($name),*)
            }
        )+
    };
}

impl Log for Flaky {
    fn name(&self) -> &'static str {
        "flaky"
    }

    fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        self.check()?;
        let ids = self.inner.publish(topic, records)?;
        self.answered(records.len())?;
        Ok(ids)
    }

    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        self.check()?;
        assert!(
            !Self::takes(&self.panics),
            "the transport was told to panic"
        );
        let receipt = self.inner.publish_batch(topic, records, batch)?;
        self.answered(records.len())?;
        Ok(receipt)
    }

    unless_down! {
        read(topic: &str, from: Position, limit: usize) -> Vec<Entry>;
    }
}

impl Groups for Flaky {
    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        self.check()?;
        self.inner
            .receive(member, limit, wait.min(Duration::from_millis(20)))
    }

    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError> {
        self.check()?;
        if Self::takes(&self.unsettled) {
            return Err(broken("did not settle"));
        }
        self.inner.settle(member, settlements)
    }

    unless_down! {
        join(topic: &str, group: &str, start: Start) -> ();
        lead(member: Member<'_>, lease: Duration) -> Leadership;
        renew(member: Member<'_>, lease: Duration, entries: &[EntryId]) -> ();
        claim(member: Member<'_>, claim: Claim) -> Claimed;
        release(member: Member<'_>) -> ();
        requeue(topic: &str, group: &str, records: &[Record]) -> ();
        retries(member: Member<'_>) -> Vec<(EntryId, RetryState)>;
        claim_retries(member: Member<'_>, retries: &[RetryId], idle: Duration, trial: bool) -> Vec<Entry>;
    }
}

impl Maintenance for Flaky {
    unless_down! {
        topics() -> Vec<TopicStatus>;
        status(topic: &str) -> Option<TopicStatus>;
        dead_letters(topic: &str, after: Option<EntryId>, limit: usize) -> Vec<(EntryId, DeadLetter)>;
        drop_dead_letters(topic: &str, ids: &[EntryId]) -> u64;
        trim_dead_letters(topic: &str, limits: DeadLetterLimits) -> u64;
        trim(topic: &str, retention: Retention) -> Trimmed;
        delete_group(topic: &str, group: &str) -> bool;
    }
    delegate_transport!(inner: warnings, backup, vacuum);
}
