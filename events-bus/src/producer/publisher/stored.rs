//! The publisher of an outbox in a store.
//!
//! It leads the group of its outbox topic, so that of several processes that share a store one publishes. Its life is a sequence of
//! *terms*: it takes the lead, publishes what an earlier leader left pending, then publishes what arrives, until it loses the lead.
//! A batch is settled before the next one is taken, so the published rows of a store always come before all others.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use events_core::Timestamp;

use super::in_store::InStore;
use super::{LINGER, WAIT, Work, backoff};
use crate::backoff::Backoff;
use crate::producer::incarnation::{self, Incarnation};
use crate::producer::kept::{KEEP_FOR, Kept, Pages, number};
use crate::producer::lease::Lease;
use crate::producer::numbered::{Backing, Numbered, Outcome, Resume, new_incarnation};
use crate::producer::outbox::GROUP;
use crate::producer::size::BATCH_BYTES;
use crate::record::Record;
use crate::throttle::throttled;
use crate::transport::{
    Claim, DeadLetter, DeadReason, Entry, Limit, Member, Queue, Retention, Settlement,
    SharedTransport, Start, TransportError, TransportErrorKind,
};
use crate::worker::{Stop, catch};

/// Interval of counting and trimming.
const UPKEEP: Duration = Duration::from_secs(1);

/// Interval in which an idle publisher asks whether the transport still remembers the newest rows.
const CHECK: Duration = Duration::from_secs(5);

/// Longest time between two attempts of a standby to take the lead.
const STANDBY: Duration = Duration::from_secs(1);

/// Publishes the rows of a store until it is to stop.
pub(super) fn run(work: &Work, store: &SharedTransport, stop: &Stop) {
    let mut publisher = Stored {
        work,
        store,
        stop,
        consumer: consumer_name(),
        lease: None,
        backoff: backoff(),
    };
    while !stop.is_set() {
        match catch(|| publisher.term()) {
            Ok(Ok(())) => {}
            Ok(Err(error)) if error.kind() == TransportErrorKind::LostLease => {
                tracing::debug!(
                    target: "events_bus::producer", topic = &*work.backlog.topic, %error,
                    "another process publishes the outbox now"
                );
            }
            Ok(Err(error)) => {
                work.backlog.set_failure(Some(error.to_string().into()));
                throttled!(
                    warn, target: "events_bus::producer", topic = &*work.backlog.topic, %error,
                    waiting = work.backlog.count(), "cannot read the outbox, retrying"
                );
                stop.sleep(publisher.backoff.next());
            }
            Err(panic) => {
                work.panicked(&panic);
                stop.sleep(publisher.backoff.next());
            }
        }
    }
    publisher.release();
}

/// Returns a name that no other running publisher has, also not one on another host.
fn consumer_name() -> Arc<str> {
    let (_, random) = new_incarnation().as_u64_pair();
    format!("{}-{random:016x}", std::process::id()).into()
}

struct Stored<'a> {
    work: &'a Work,
    store: &'a SharedTransport,
    stop: &'a Stop,
    consumer: Arc<str>,
    /// The lease of the newest term.
    lease: Option<Arc<Lease>>,
    backoff: Backoff,
}

impl Stored<'_> {
    /// Takes the lead and publishes until it is lost or the publisher is to stop.
    fn term(&mut self) -> Result<(), TransportError> {
        let Self {
            work, store, stop, ..
        } = *self;
        let topic = &*work.backlog.outbox;
        store.join(topic, GROUP, Start::Beginning)?;
        let taken = Instant::now();
        let member = Member::new(topic, GROUP, &self.consumer);
        let Some(epoch) = store.lead(member, work.lease)?.epoch() else {
            work.backlog.recount(store)?;
            stop.sleep(STANDBY.min(work.lease / 3));
            return Ok(());
        };
        let lease = Lease::new(store, topic, &self.consumer, epoch, work.lease, taken);
        let lease = Arc::new(lease);
        work.leases.add(&lease);
        self.lease = Some(Arc::clone(&lease));
        let mut backing = InStore {
            work,
            store,
            lease: &lease,
            pages: Pages::new(),
            stop,
        };
        let Some((kept, settled)) = backing.find_published()? else {
            return Ok(());
        };
        let identity = incarnation::topic_of(&work.backlog.topic);
        let settled_number = settled.map_or(0, |(number, _)| number);
        let incarnation = Incarnation::begin(store, &identity, epoch, settled_number)?;
        let numbered = Numbered::resume(Resume {
            incarnation: incarnation.id,
            base: incarnation.base,
            epoch,
            settled,
        });
        work.backlog.recount(store)?;
        let now = Instant::now();
        let mut term = Term {
            backing,
            numbered,
            kept,
            upkeep: now,
            checked: now,
            backoff: &mut self.backoff,
        };
        term.run()
    }

    /// Gives the lead back, so that the next publisher need not wait for the lease to end.
    fn release(&self) {
        let Some(lease) = &self.lease else { return };
        match catch(|| self.store.release(lease.member())) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(
                target: "events_bus::producer", %error, "cannot release the lead of an outbox; its lease ends by itself"
            ),
            Err(panic) => self.work.panicked(&panic),
        }
    }
}

/// A term of leadership.
struct Term<'a> {
    backing: InStore<'a>,
    numbered: Numbered,
    kept: Kept,
    /// Time of the last upkeep.
    upkeep: Instant,
    /// Time of the last check that the transport remembers.
    checked: Instant,
    backoff: &'a mut Backoff,
}

impl Term<'_> {
    fn run(&mut self) -> Result<(), TransportError> {
        let InStore {
            work,
            store,
            lease,
            stop,
            ..
        } = self.backing;
        let limit = Limit {
            entries: work.max_batch,
            bytes: BATCH_BYTES,
        };
        let claim = Claim {
            after: None,
            own: true,
            idle: Duration::ZERO,
            limit,
            max_deliveries: u64::MAX,
            trial: false,
        };
        // Rows that an earlier leader took. Each batch is settled before the next is claimed.
        while !stop.is_set() {
            let entries = store.claim(lease.member(), claim)?.entries;
            if entries.is_empty() {
                break;
            }
            if !self.publish(entries)? {
                return Ok(());
            }
        }
        while !stop.is_set() {
            if !lease.ensure()? {
                return Ok(());
            }
            let entries = store.receive(lease.member(), limit, WAIT)?;
            let is_full = entries.len() >= work.max_batch;
            if !entries.is_empty() {
                if !self.publish(entries)? {
                    return Ok(());
                }
                if !is_full {
                    thread::sleep(LINGER);
                }
            }
            if self.upkeep.elapsed() >= UPKEEP {
                self.upkeep = Instant::now();
                if !self.keep_up()? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Publishes and settles a batch. Returns `false` if the publisher must not go on.
    fn publish(&mut self, entries: Vec<Entry>) -> Result<bool, TransportError> {
        let mut settlements = Vec::with_capacity(entries.len());
        let mut rows = Vec::with_capacity(entries.len());
        let (mut records, mut numbers, mut requeued) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            let settlement = Settlement::new(entry.id, None, Arc::default());
            let is_row = entry.id.queue() == Queue::Topic;
            if is_row {
                rows.push(entry.id);
            }
            settlements.push(match entry.record {
                Ok(record) if is_row => {
                    records.push(record);
                    numbers.push(number(entry.id));
                    settlement
                }
                // Its number is not one of the topic.
                Ok(record) => {
                    requeued.push(record);
                    settlement
                }
                Err(_) => settlement.with_dead(vec![unreadable(entry)]),
            });
        }
        if !requeued.is_empty() && !self.publish_requeued(&requeued)? {
            return Ok(false);
        }
        let InStore { work, stop, .. } = self.backing;
        let batch = (&*records, &*numbers);
        let numbered = &mut self.numbered;
        if !records.is_empty()
            && !work.publish(numbered, batch, &mut self.backing, stop, self.backoff)
        {
            return Ok(false);
        }
        if !self.settle(&settlements)? {
            return Ok(false);
        }
        self.kept.push(rows, Instant::now());
        work.backlog.leave(settlements.len() as u64);
        Ok(true)
    }

    /// Publishes requeued records without numbers: after an unknown outcome they may be published twice.
    fn publish_requeued(&mut self, records: &[Record]) -> Result<bool, TransportError> {
        let InStore { work, stop, .. } = self.backing;
        let topic = &*work.backlog.topic;
        let metrics = &work.backlog.metrics;
        while self.backing.may_publish()? {
            match work.transport.publish(topic, records) {
                Ok(ids) => {
                    let ids: Vec<_> = ids.into_iter().map(Some).collect();
                    work.reports.published(topic, metrics, records, &ids);
                    return Ok(true);
                }
                Err(error) => {
                    work.backlog.set_failure(Some(error.to_string().into()));
                    work.reports.failed(topic, metrics, records, &error);
                    throttled!(
                        warn, target: "events_bus::producer", topic, %error, records = records.len(),
                        "cannot publish requeued events, retrying"
                    );
                    stop.sleep(self.backoff.next());
                }
            }
        }
        Ok(false)
    }

    /// Settles published rows. Returns `false` if the lead is lost or the publisher is to stop.
    fn settle(&mut self, settlements: &[Settlement]) -> Result<bool, TransportError> {
        let InStore {
            work,
            store,
            lease,
            stop,
            ..
        } = self.backing;
        loop {
            match store.settle(lease.member(), settlements) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == TransportErrorKind::LostLease => return Ok(false),
                Err(error) => {
                    throttled!(
                        warn, target: "events_bus::producer", topic = &*work.backlog.topic, %error,
                        "cannot settle published rows of the outbox, retrying"
                    );
                    // The next leader publishes the batch once more, and the transport knows it.
                    if stop.sleep(self.backoff.next()) || !lease.ensure()? {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Counts, and removes published rows that the transport still remembers. Returns `false` if the publisher must not go on.
    fn keep_up(&mut self) -> Result<bool, TransportError> {
        let InStore {
            work, store, lease, ..
        } = self.backing;
        work.backlog.recount(store)?;
        let now = Instant::now();
        let first_to_stay = self.kept.first_to_stay(now);
        if first_to_stay.is_none() && !self.is_check_due(now) {
            return Ok(true);
        }
        match self.check() {
            Ok(true) => self.checked = now,
            Ok(false) => return Ok(false),
            Err(error) => {
                // Nothing is removed that may have to be published again.
                throttled!(
                    warn, target: "events_bus::producer", topic = &*work.backlog.topic, %error,
                    "cannot check that the transport remembers published events, retrying"
                );
                return Ok(true);
            }
        }
        let Some(first) = first_to_stay else {
            return Ok(true);
        };
        let retention = Retention {
            before: Some(first),
            ..Retention::default()
        };
        while store.trim(&work.backlog.outbox, retention)?.more {
            if !self.backing.may_publish()? {
                return Ok(false);
            }
        }
        self.kept.forget_before(first);
        lease.ensure()
    }

    /// Returns `true` if the transport should be asked for its memory: while the newest row is young, and once after that.
    fn is_check_due(&self, now: Instant) -> bool {
        let since = |at: Instant| now.saturating_duration_since(at);
        let is_young = self
            .kept
            .newest_at()
            .is_some_and(|at| self.checked < at + KEEP_FOR);
        (is_young && since(self.checked) >= CHECK) || self.numbered.is_repairing()
    }

    /// Asks the transport whether it remembers what it acknowledged, and repairs it if it does not.
    fn check(&mut self) -> Result<bool, TransportError> {
        let InStore { work, .. } = self.backing;
        let topic = &*work.backlog.topic;
        let numbered = &mut self.numbered;
        let outcome = numbered.publish(&work.transport, topic, &[], &[], &mut self.backing)?;
        Ok(outcome != Outcome::Ended)
    }
}

/// Returns the dead letter of a row that is not a record. It stays in the store, for a person to look at.
fn unreadable(entry: Entry) -> DeadLetter {
    let reason = match &entry.record {
        Ok(_) => "".into(),
        Err(malformed) => malformed.reason.clone(),
    };
    tracing::error!(
        target: "events_bus::producer", entry = %entry.id, %reason,
        "cannot publish a row of the outbox, which is not a record; it is kept as a dead letter"
    );
    let now = Timestamp::now();
    DeadLetter::new(
        GROUP.into(),
        DeadReason::Malformed,
        reason,
        entry.id,
        now,
        entry.record,
    )
}
