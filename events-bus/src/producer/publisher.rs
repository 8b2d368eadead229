//! Publishers: what waits in an outbox is published, in its order, in batches.
//!
//! It takes a batch only when the one before it is published, and numbers what it publishes, so that a batch whose fate it does not
//! know can be published again without becoming two. Where the outbox outlasts the process, a publisher is a consumer of its own
//! kind: it leads the group of its outbox, so that of several processes that share a file one publishes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::outbox::{GROUP, Store, Waiting};
use super::queue::Events;
use super::report::Reports;
use crate::backoff::Backoff;
use crate::record::Record;
use crate::transport::{
    Entry, EntryId, Member, Sequence, Settlement, SharedTransport, Standing, Start, TransportError,
    TransportErrorKind,
};

const WAIT: Duration = Duration::from_millis(200);
/// How long a publisher rests after a batch that was not full, so that the next is larger and fewer senders have to wake it.
const LINGER: Duration = Duration::from_millis(1);
const LEASE: Duration = Duration::from_secs(10);
/// How often what waits is counted anew.
const RECOUNT: Duration = Duration::from_secs(1);

/// A thread that publishes what waits for one topic.
#[derive(Debug)]
pub(crate) struct Publisher {
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    pub(crate) waiting: Arc<Waiting>,
}

/// What a publisher works with.
pub(crate) struct Work {
    pub(crate) store: Store,
    pub(crate) transport: SharedTransport,
    pub(crate) waiting: Arc<Waiting>,
    /// The identity of the outbox, which the transport knows it by.
    pub(crate) outbox_id: String,
    pub(crate) max_batch: usize,
    pub(crate) reports: Reports,
}

impl Publisher {
    pub(crate) fn start(work: Work) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, waiting) = (Arc::clone(&stop), Arc::clone(&work.waiting));
        let thread = thread::Builder::new()
            .name("events-publisher".to_owned())
            .spawn(move || work.run(&stopped))?;
        Ok(Self {
            thread: Some(thread),
            stop,
            waiting,
        })
    }

    /// Has it end after the batch that it is at.
    pub(crate) fn stop(&mut self, deadline: Instant) -> bool {
        self.stop.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else {
            return true;
        };
        let deadline = deadline.max(Instant::now() + Duration::from_millis(50));
        while !thread.is_finished() {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        thread.join().is_ok()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

impl Work {
    fn run(&self, stop: &AtomicBool) {
        match &self.store {
            Store::Memory => self.empty_queue(stop),
            Store::Kept(store) => Keeper { work: self, store }.run(stop),
        }
    }

    /// Publishes what waits in memory.
    fn empty_queue(&self, stop: &AtomicBool) {
        let mut backoff = backoff();
        let mut events = Events::default();
        let mut last = 0;
        while !stop.load(Ordering::Acquire) {
            self.waiting.queue.take(&mut events, WAIT);
            let rests = !events.is_empty() && events.len() < self.max_batch;
            while !events.is_empty() {
                let records = events.next(self.max_batch);
                let next = last + records.len() as u64;
                let numbers: Vec<u64> = (last + 1..=next).collect();
                let published = self.publish(&records, &numbers, stop, &mut backoff, || Ok(true));
                if !matches!(published, Ok(true)) {
                    return;
                }
                last = next;
                self.waiting.left(records.len() as u64);
            }
            events.clear();
            if rests {
                thread::sleep(LINGER);
            }
        }
    }

    /// Publishes a batch, however long that takes, unless the publisher is stopped or must not go on: then it says `false`.
    fn publish(
        &self,
        records: &[Record],
        numbers: &[u64],
        stop: &AtomicBool,
        backoff: &mut Backoff,
        mut may_go_on: impl FnMut() -> Result<bool, TransportError>,
    ) -> Result<bool, TransportError> {
        let mut doubt = false;
        loop {
            let sequence = Sequence {
                outbox: &self.outbox_id,
                numbers,
            };
            let result = self
                .transport
                .publish(&self.waiting.topic, records, Some(sequence));
            let error = match result {
                Ok(ids) => {
                    backoff.reset();
                    if doubt {
                        tracing::info!(
                            target: "events_bus::producer", topic = &*self.waiting.topic, records = records.len(),
                            "published, after it could not be"
                        );
                    }
                    self.waiting.metrics.published(records.len());
                    self.reports
                        .published(&self.waiting.topic, records.iter(), &ids);
                    return Ok(true);
                }
                Err(error) => error,
            };
            doubt = true;
            self.waiting.metrics.publish_failed();
            self.reports
                .failed(&self.waiting.topic, records.iter(), &error);
            tracing::warn!(
                target: "events_bus::producer", topic = &*self.waiting.topic, %error, records = records.len(),
                waiting = self.waiting.count(), "publishing failed, and is tried again"
            );
            pause(backoff.next(), stop);
            if stop.load(Ordering::Acquire) || !may_go_on()? {
                return Ok(false);
            }
        }
    }
}

/// Publishes what waits in a store.
struct Keeper<'a> {
    work: &'a Work,
    store: &'a SharedTransport,
}

impl Keeper<'_> {
    fn run(&self, stop: &AtomicBool) {
        let waiting = &self.work.waiting;
        let name = format!("{}-{:08x}", std::process::id(), fastrand::u32(..));
        let member = Member {
            topic: &waiting.outbox,
            group: GROUP,
            consumer: &name,
        };
        let mut backoff = backoff();
        while !stop.load(Ordering::Acquire) {
            match self.reign(member, stop, &mut backoff) {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(
                        target: "events_bus::producer", topic = &*waiting.topic, %error, waiting = waiting.count(),
                        "the outbox could not be read, which is tried again"
                    );
                    pause(backoff.next(), stop);
                }
            }
        }
        // Whoever is next need not wait for the lease to end.
        if let Err(error) = self.store.leave(member) {
            tracing::debug!(target: "events_bus::producer", %error, "the lead was not given back");
        }
    }

    fn reign(
        &self,
        member: Member<'_>,
        stop: &AtomicBool,
        backoff: &mut Backoff,
    ) -> Result<(), TransportError> {
        let most = self.work.max_batch;
        self.store.join(member.topic, GROUP, Start::Beginning)?;
        let mut led = Instant::now();
        if self.store.lead(member, LEASE)? == Standing::Standby {
            self.recount()?;
            pause(Duration::from_secs(1), stop);
            return Ok(());
        }
        self.recount()?;
        let mut recounted = Instant::now();
        // Everything pending is read from the first on: each batch is settled before the next is taken.
        loop {
            let entries = self.store.take_over(member, None, Duration::ZERO, most)?;
            if entries.is_empty() {
                break;
            }
            if !self.publish(member, &entries, stop, backoff, &mut led)? {
                return Ok(());
            }
        }
        while !stop.load(Ordering::Acquire) {
            if led.elapsed() > LEASE / 3 {
                led = Instant::now();
                if self.store.lead(member, LEASE)? == Standing::Standby {
                    return Ok(());
                }
            }
            let entries = self.store.receive(member, most, WAIT)?;
            if !entries.is_empty() {
                if !self.publish(member, &entries, stop, backoff, &mut led)? {
                    return Ok(());
                }
                if entries.len() < most {
                    thread::sleep(LINGER);
                }
            }
            if recounted.elapsed() > RECOUNT {
                recounted = Instant::now();
                self.recount()?;
            }
        }
        Ok(())
    }

    /// Counts what waits: others may have put it there.
    fn recount(&self) -> Result<(), TransportError> {
        let waiting = &self.work.waiting;
        waiting.recount(|| {
            let status = self.store.status(&waiting.outbox)?;
            let group = status
                .iter()
                .flat_map(|topic| &topic.groups)
                .find(|group| group.group == GROUP);
            Ok(group.and_then(crate::transport::GroupStatus::lag))
        })
    }

    /// Publishes a batch and takes it out of the store, unless the publisher is stopped or loses its lead: then it says `false`.
    fn publish(
        &self,
        member: Member<'_>,
        entries: &[Entry],
        stop: &AtomicBool,
        backoff: &mut Backoff,
        led: &mut Instant,
    ) -> Result<bool, TransportError> {
        let (records, numbers) = records(entries);
        let leads = || {
            if led.elapsed() <= LEASE / 3 {
                return Ok(true);
            }
            *led = Instant::now();
            Ok(self.store.lead(member, LEASE)? == Standing::Active)
        };
        if !self
            .work
            .publish(&records, &numbers, stop, backoff, leads)?
        {
            return Ok(false);
        }
        let settlements: Vec<_> = entries
            .iter()
            .map(|entry| Settlement::finished(entry.id, None, Arc::default()))
            .collect();
        // What was published must leave the outbox, or it waits there for nothing; if it does not, its numbers tell.
        loop {
            match self.store.settle(member, &settlements, true) {
                Ok(()) => break,
                Err(error) if error.kind() == TransportErrorKind::LostLease => return Ok(false),
                Err(error) if stop.load(Ordering::Acquire) => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        target: "events_bus::producer", topic = &*self.work.waiting.topic, %error,
                        "what was published could not be taken out of the outbox, which is tried again"
                    );
                    pause(backoff.next(), stop);
                }
            }
        }
        self.work.waiting.left(entries.len() as u64);
        Ok(true)
    }
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(50), Duration::from_secs(5))
}

/// The records and their numbers. What is no record was written by a stranger, and is passed over loudly.
fn records(entries: &[Entry]) -> (Vec<Record>, Vec<u64>) {
    entries
        .iter()
        .filter_map(|entry| match &entry.record {
            Ok(record) => Some((record.clone(), number(entry.id))),
            Err(malformed) => {
                tracing::error!(
                    target: "events_bus::producer", entry = %entry.id, reason = &*malformed.reason,
                    "an entry of the outbox is no record, and is not published"
                );
                None
            }
        })
        .unzip()
}

/// One number for an entry's two. A store counts with the first, Redis has milliseconds and a small number.
fn number(id: EntryId) -> u64 {
    if id.minor() == 0 && id.major() < 1 << 40 {
        id.major()
    } else {
        // 2^43 milliseconds reach to the year 2248, and there are fewer than 2^20 entries in one.
        id.major() << 20 | id.minor().min((1 << 20) - 1)
    }
}

fn pause(time: Duration, stop: &AtomicBool) {
    let until = Instant::now() + time;
    while !stop.load(Ordering::Acquire) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(Duration::from_millis(20)));
    }
}
