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

use events_bus::Record;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{
    DeadLetter, Entry, EntryId, Member, Position, Retention, Sequence, Settlement, Standing, Start,
    TopicStatus, Transport, TransportError, TransportErrorKind, Trimmed,
};

/// Topics in memory, behind a connection that breaks when it is told to.
#[derive(Debug, Default)]
pub struct Flaky {
    inner: MemoryTransport,
    /// Nothing gets through.
    pub down: AtomicBool,
    /// So many calls of `publish` do what they are asked for, and then say that they do not know.
    pub doubt: AtomicUsize,
    /// So many calls of `settle` fail.
    pub unsettled: AtomicUsize,
    pub batches: Mutex<Vec<usize>>,
}

impl Flaky {
    fn check(&self) -> Result<(), TransportError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(broken("is down"));
        }
        Ok(())
    }

    /// Whether a counter was above zero; it is less by one then.
    pub fn takes(counter: &AtomicUsize) -> bool {
        let less = |count: usize| count.checked_sub(1);
        counter
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
    }
}

fn broken(what: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Unavailable, "flaky", what)
}

impl Transport for Flaky {
    fn name(&self) -> &'static str {
        "flaky"
    }

    fn publish(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, TransportError> {
        self.check()?;
        let ids = self.inner.publish(topic, records, sequence)?;
        if Self::takes(&self.doubt) {
            return Err(broken("did not answer").outcome_unknown());
        }
        self.batches.lock().unwrap().push(records.len());
        Ok(ids)
    }

    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.check()?;
        self.inner.join(topic, group, start)
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Standing, TransportError> {
        self.check()?;
        self.inner.lead(member, lease)
    }

    fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        self.check()?;
        self.inner.take_over(member, behind, idle, most)
    }

    fn receive(
        &self,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        self.check()?;
        self.inner
            .receive(member, most, wait.min(Duration::from_millis(20)))
    }

    fn extend(&self, member: Member<'_>, entries: &[EntryId]) -> Result<(), TransportError> {
        self.check()?;
        self.inner.extend(member, entries)
    }

    fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), TransportError> {
        self.check()?;
        if Self::takes(&self.unsettled) {
            return Err(broken("did not settle"));
        }
        self.inner.settle(member, settlements, leading)
    }

    fn leave(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.check()?;
        self.inner.leave(member)
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        self.check()?;
        self.inner.requeue(topic, group, records)
    }

    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError> {
        self.check()?;
        self.inner.topics()
    }

    fn read(&self, topic: &str, from: Position, most: usize) -> Result<Vec<Entry>, TransportError> {
        self.check()?;
        self.inner.read(topic, from, most)
    }

    fn dead_letters(
        &self,
        topic: &str,
        behind: Option<EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        self.check()?;
        self.inner.dead_letters(topic, behind, most)
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        self.check()?;
        self.inner.drop_dead_letters(topic, ids)
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        self.check()?;
        self.inner.trim(topic, retention)
    }

    fn forget(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        self.check()?;
        self.inner.forget(topic, group)
    }
}
