//! A transport in memory that fails when a test says so.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{
    Batch, EntryId, Epoch, Groups, Limit, Log, Member, Position, Receipt, TransportError,
    TransportErrorKind,
};
use events_bus::{Record, delegate_transport};

/// Decides which records of which topics are refused.
type Refuses = Box<dyn Fn(&str, &Record) -> bool + Send + Sync>;

/// Topics in memory behind a connection that breaks when it is told to.
#[derive(Default)]
pub struct Gate {
    pub inner: MemoryTransport,
    /// Nothing gets through.
    pub down: AtomicBool,
    /// Number of calls that publish and then report an unknown outcome.
    pub unknown: AtomicUsize,
    /// Topics that are unavailable.
    pub closed: Mutex<BTreeSet<String>>,
    /// Batches with such a record are refused.
    pub refuses: Mutex<Option<Refuses>>,
    /// Epochs of all calls of `publish_batch`.
    pub attempts: Mutex<Vec<Epoch>>,
    /// Work that was published for the receivers of a service. Its consumer removes it from the topic.
    pub local: Mutex<Vec<Record>>,
    /// Number of records of each call of `publish_batch` that came through.
    pub batches: Mutex<Vec<usize>>,
}

impl Gate {
    fn check(&self) -> Result<(), TransportError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(unavailable("is down"));
        }
        Ok(())
    }

    pub fn close(&self, topic: &str, is_closed: bool) {
        let mut closed = self.closed.lock().unwrap();
        if is_closed {
            closed.insert(topic.to_owned());
        } else {
            closed.remove(topic);
        }
    }

    pub fn refuse(&self, refuses: impl Fn(&str, &Record) -> bool + Send + Sync + 'static) {
        *self.refuses.lock().unwrap() = Some(Box::new(refuses));
    }

    pub fn accept(&self) {
        *self.refuses.lock().unwrap() = None;
    }

    /// Returns the records of a topic.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        let entries = self
            .inner
            .read(topic, Position::Oldest, usize::MAX >> 1)
            .unwrap();
        entries
            .into_iter()
            .map(|entry| entry.record.unwrap())
            .collect()
    }
}

/// Takes one off a counter. Returns `false` if it was 0.
pub fn takes(counter: &AtomicUsize) -> bool {
    let less = |count: usize| count.checked_sub(1);
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        .is_ok()
}

fn unavailable(what: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Unavailable, "gate", what)
}

impl Log for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        self.check()?;
        self.inner.publish(topic, records)
    }

    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        self.attempts.lock().unwrap().push(batch.epoch);
        self.check()?;
        if self.closed.lock().unwrap().contains(topic) {
            return Err(unavailable("is closed"));
        }
        if let Some(refuses) = &*self.refuses.lock().unwrap()
            && records.iter().any(|record| refuses(topic, record))
        {
            let kind = TransportErrorKind::Refused;
            return Err(TransportError::new(kind, "gate", "no such record, please"));
        }
        let receipt = self.inner.publish_batch(topic, records, batch)?;
        if let Receipt::Published(ids) = &receipt
            && topic.starts_with("events:relay:")
        {
            let appended = records.iter().zip(ids).filter(|(_, id)| id.is_some());
            let appended = appended.map(|(record, _)| record.clone());
            self.local.lock().unwrap().extend(appended);
        }
        if takes(&self.unknown) {
            return Err(unavailable("did not answer").outcome_unknown());
        }
        self.batches.lock().unwrap().push(records.len());
        Ok(receipt)
    }

    delegate_transport!(inner: read);
}

impl Groups for Gate {
    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<events_bus::transport::Entry>, TransportError> {
        self.check()?;
        self.inner
            .receive(member, limit, wait.min(Duration::from_millis(20)))
    }

    delegate_transport!(inner: join, lead, renew, claim, settle, release, requeue, retries, claim_retries);
}
delegate_transport!(impl Maintenance for Gate => inner);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}
