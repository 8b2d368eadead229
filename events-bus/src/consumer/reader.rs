//! Reader: the thread of a source that takes the lead, then hands pending entries to the executor, then new ones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::decode::Job;
use super::executor::Executor;
use super::retry_queue::Place;
use super::source::Source;
use super::term::Term;
use crate::backoff::Backoff;
use crate::config::ConsumerConfig;
use crate::throttle::throttled;
use crate::transport::{
    Claim, Entry, EntryId, Leadership, Limit, TransportError, TransportErrorKind,
};
use crate::worker::catch;

/// Time that one call waits for new entries, which is how long a stop may wait for it.
const WAIT: Duration = Duration::from_millis(500);
/// Time between two looks at a retry queue that is full.
const FULL: Duration = Duration::from_millis(100);

/// Reads a topic until the consumer stops.
pub(super) fn run(source: &Arc<Source>, executor: &Executor, config: &ConsumerConfig) {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
    while !source.is_stopping() {
        if executor.is_stuck() {
            source.pause(Duration::from_secs(1));
            continue;
        }
        match catch(|| lead(source, executor, config)).ok() {
            Some(Ok(())) => backoff.reset(),
            Some(Err(error)) => {
                throttled!(
                    warn, target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, %error,
                    "cannot read the topic, and retries"
                );
                source.pause(backoff.next());
            }
            None => {
                if let Some(term) = source.term() {
                    term.end();
                }
                source.pause(backoff.next());
            }
        }
    }
}

/// Takes the lead and reads for as long as this consumer has it.
fn lead(
    source: &Arc<Source>,
    executor: &Executor,
    config: &ConsumerConfig,
) -> Result<(), TransportError> {
    let transport = &source.transport;
    transport.join(&source.topic, &source.group, config.start.into())?;
    let asked = Instant::now();
    let mut epoch = None;
    if source.is_led {
        match transport.lead(source.member(), config.lease)? {
            Leadership::Leader(new) => epoch = Some(new),
            Leadership::Standby => {
                source.pause((config.lease / 6).min(Duration::from_secs(2)));
                return Ok(());
            }
        }
    }
    let term = source.begin(epoch, asked + config.lease);
    tracing::info!(
        target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, consumer = &*source.consumer,
        epoch = epoch.map(tracing::field::display), "reads the topic"
    );
    let mut reader = Reader {
        source,
        term: &term,
        executor,
        config,
        is_unsure: true,
        looked: None,
        is_full: false,
    };
    let result = reader.read();
    if source.is_stopping() && !term.is_over() {
        // The receivers that run finish, and are settled.
        return result;
    }
    term.end();
    executor.forget(&term);
    if executor.is_stuck() {
        return transport.release(term.member());
    }
    match result {
        Err(error) if error.kind() == TransportErrorKind::LostLease => {
            source.lost(&error);
            Ok(())
        }
        result => result,
    }
}

/// Reader of one term.
struct Reader<'a> {
    source: &'a Arc<Source>,
    term: &'a Arc<Term>,
    executor: &'a Executor,
    config: &'a ConsumerConfig,
    /// `true` if entries may have been handed out whose hand-out this process does not know: at the start, and after a call
    /// that failed.
    is_unsure: bool,
    /// Time of the last look for pending entries without a worker.
    looked: Option<Instant>,
    /// `true` after the warning that the retry queue is full.
    is_full: bool,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), TransportError> {
        // A lane must be blocked before a later event of its key is handed out.
        self.refresh_retries()?;
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
        while self.goes_on() {
            match self.step() {
                Ok(()) => backoff.reset(),
                // What runs goes on. What the call may have handed out is claimed before anything else is received.
                Err(error) if error.is_transient() => {
                    throttled!(
                    warn, target: "events_bus::consumer", topic = &*self.source.topic, group = &*self.source.group, %error,
                        "cannot receive, and retries"
                    );
                    self.is_unsure = true;
                    self.term.took(&[]);
                    self.source.pause(backoff.next());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn goes_on(&self) -> bool {
        !self.term.is_over() && !self.source.is_stopping() && !self.executor.is_stuck()
    }

    fn step(&mut self) -> Result<(), TransportError> {
        if !self.term.covers(Instant::now()) {
            // The settling thread renews the lease, or learns that it is lost.
            self.source.pause(Duration::from_millis(20));
            return Ok(());
        }
        let interval = self.config.lease / 2;
        let is_due = self.looked.is_none_or(|looked| looked.elapsed() > interval);
        if self.is_unsure || is_due {
            let began = Instant::now();
            if !self.source.is_led && self.looked.is_some() {
                self.refresh_retries()?;
            }
            self.claim_pending()?;
            self.looked = Some(began);
        }
        if let Some(suspect) = self.term.retries.take_suspect() {
            return self.try_retry(&suspect);
        }
        if self.is_parking_full() {
            self.source.pause(FULL);
            return Ok(());
        }
        let Some(limit) = self.term.reserve(self.config.batch, WAIT) else {
            return Ok(());
        };
        let member = self.term.member();
        let received = self.source.transport.receive(member, limit, WAIT);
        self.push(received?);
        Ok(())
    }

    fn refresh_retries(&self) -> Result<(), TransportError> {
        let since = self.term.retries.mark();
        let listed = self.source.transport.retries(self.term.member())?;
        self.term.retries.refresh(&listed, since, Instant::now());
        Ok(())
    }

    /// Returns `true` if as many deliveries are parked as may be.
    fn is_parking_full(&mut self) -> bool {
        let was_full = self.is_full;
        let parked = self.term.retries.len();
        self.is_full = parked >= self.config.max_parked;
        if self.is_full && !was_full {
            tracing::warn!(
                target: "events_bus::consumer", topic = &*self.source.topic, group = &*self.source.group, parked,
                "stops receiving: `max_parked` deliveries wait for a retry; repair the receivers that fail"
            );
        }
        self.is_full
    }

    /// Claims pending entries without a worker, page by page.
    fn claim_pending(&mut self) -> Result<(), TransportError> {
        let own = self.is_unsure;
        // Claiming one's own entries also returns those that are in flight here.
        let in_flight = if own {
            self.term.in_flight()
        } else {
            Vec::new()
        };
        let mut claim = Claim {
            after: None,
            own,
            idle: self.idle(),
            limit: Limit::entries(0),
            max_deliveries: self.config.max_deliveries,
            trial: false,
        };
        while self.goes_on() && self.term.covers(Instant::now()) {
            let Some(limit) = self.term.reserve(self.config.batch, WAIT) else {
                continue;
            };
            claim.limit = limit;
            let claimed = self.source.transport.claim(self.term.member(), claim)?;
            let last = claimed.entries.last().map(|entry| entry.id);
            let mut entries = claimed.entries;
            entries.retain(|entry| in_flight.binary_search(&entry.id).is_err());
            self.push(entries);
            claim.after = last.or(claim.after);
            match claimed.suspect {
                Some(suspect) if in_flight.binary_search(&suspect).is_ok() => {
                    claim.after = Some(suspect);
                }
                Some(suspect) => claim.after = self.try_entry(claim, suspect)?,
                None if last.is_none() => {
                    self.is_unsure = false;
                    return Ok(());
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Time for which an entry of another consumer must be untouched. A leader owns everything.
    fn idle(&self) -> Duration {
        if self.source.is_led {
            Duration::ZERO
        } else {
            self.config.lease
        }
    }

    /// Runs a suspect alone. Returns the entry after which claiming goes on.
    fn try_entry(&self, claim: Claim, suspect: EntryId) -> Result<Option<EntryId>, TransportError> {
        let trial = Claim {
            limit: Limit::entries(1),
            trial: true,
            ..claim
        };
        let mut after = Some(suspect);
        self.run_alone(|| {
            let member = self.term.member();
            let entries = self.source.transport.claim(member, trial)?.entries;
            after = entries.last().map(|entry| entry.id).or(after);
            Ok(entries)
        })?;
        Ok(after)
    }

    /// Runs a suspect of the retry queue alone.
    fn try_retry(&self, suspect: &Place) -> Result<(), TransportError> {
        let (term, transport) = (self.term, &self.source.transport);
        let mut is_gone = false;
        let result = self.run_alone(|| {
            let id = std::slice::from_ref(&suspect.id);
            let entries = transport.claim_retries(term.member(), id, self.idle(), true)?;
            is_gone = entries.is_empty();
            Ok(entries)
        });
        if result.is_err() {
            term.retries.put_aside(suspect);
        } else if is_gone {
            term.retries.finished(suspect);
        }
        result
    }

    /// Claims an entry when nothing is in flight, and waits until it is settled.
    fn run_alone(
        &self,
        claim: impl FnOnce() -> Result<Vec<Entry>, TransportError>,
    ) -> Result<(), TransportError> {
        self.term.set_exclusive(true);
        let mut result = Ok(());
        if self.term.wait_until_empty() {
            result = claim().map(|entries| {
                for entry in &entries {
                    throttled!(
                    warn, target: "events_bus::consumer", topic = &*self.source.topic, group = &*self.source.group,
                        entry = %entry.id, deliveries = entry.deliveries, trial = entry.trials,
                        "handles an entry alone: the process may have ended because of it"
                    );
                }
                self.push(entries);
            });
            self.term.wait_until_empty();
        }
        self.term.set_exclusive(false);
        result
    }

    fn push(&self, entries: Vec<Entry>) {
        let copies = self.term.took(&entries);
        if !entries.is_empty() {
            push(self.term, self.executor, entries, &copies);
        }
    }
}

/// Hands entries that are in flight to the executor. `copies` are the places of those whose event was in flight already.
pub(super) fn push(term: &Arc<Term>, executor: &Executor, entries: Vec<Entry>, copies: &[usize]) {
    let jobs = entries.into_iter().enumerate().map(|(index, entry)| {
        let is_copy = copies.binary_search(&index).is_ok();
        Arc::new(Job::new(Arc::clone(term), entry, is_copy))
    });
    executor.push(jobs);
}
