//! Settlement: the thread of a source that tells the transport the results of deliveries, renews the lease and claims retries that
//! are due.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::executor::Executor;
use super::reader;
use super::retry_queue::Place;
use super::source::Source;
use super::term::Term;
use crate::backoff::Backoff;
use crate::config::ConsumerConfig;
use crate::throttle::throttled;
use crate::transport::{Entry, Settlement, TransportError, TransportErrorKind};
use crate::worker::catch;

/// Maximum number of settlements in one call.
const BATCH: usize = 1000;
/// Longest sleep between two looks at the term.
const NAP: Duration = Duration::from_millis(500);

/// Settles term after term until the source is closed.
pub(super) fn run(source: &Arc<Source>, executor: &Executor, config: &ConsumerConfig) {
    let mut seen = 0;
    while let Some(term) = source.wait_for_term(&mut seen) {
        let mut settler = Settler::new(&term, executor, config);
        if catch(|| settler.run()).is_err() {
            term.end();
        }
    }
}

/// Settler of one term.
struct Settler<'a> {
    term: &'a Arc<Term>,
    source: &'a Source,
    executor: &'a Executor,
    config: &'a ConsumerConfig,
    /// Time of the next renewal of the lease.
    beat: Instant,
    beats: Backoff,
    settling: Backoff,
    /// Pauses while the transport has no room for retries and dead letters.
    holding: Backoff,
    claiming: Backoff,
    /// Retries are not claimed before this time, after a call that failed.
    claims_from: Instant,
    /// Size of the largest retry so far in bytes. Nothing is known of the first one.
    largest: usize,
}

impl<'a> Settler<'a> {
    fn new(term: &'a Arc<Term>, executor: &'a Executor, config: &'a ConsumerConfig) -> Self {
        let now = Instant::now();
        Self {
            term,
            source: &term.source,
            executor,
            config,
            // Taking the lead may have taken longer than the lease.
            beat: now
                + if term.covers(now) {
                    config.lease / 3
                } else {
                    Duration::ZERO
                },
            beats: Backoff::new(Duration::from_millis(50), Duration::from_secs(1)),
            settling: Backoff::new(Duration::from_millis(20), Duration::from_secs(5)),
            holding: Backoff::new(Duration::from_millis(50), Duration::from_secs(1)),
            claiming: Backoff::new(Duration::from_millis(50), Duration::from_secs(5)),
            claims_from: now,
            largest: usize::MAX,
        }
    }

    fn run(&mut self) {
        loop {
            self.heartbeat();
            let now = Instant::now();
            let mut until = self.beat.min(now + NAP);
            if !self.executor.is_stuck() && self.term.retry_room(1).is_some() {
                let due = self.term.retries.next_due();
                let due = due.map_or(until, |due| due.max(self.claims_from));
                until = until.min(due);
            }
            let wait = until.saturating_duration_since(now);
            let Some(batch) = self.term.take_settlements(wait) else {
                return;
            };
            for settlements in batch.chunks(BATCH) {
                if !self.settle(settlements) {
                    return;
                }
            }
            self.claim_retries();
            if !batch.is_empty() {
                self.term.made_room();
            }
        }
    }

    /// Settles until it succeeds. Returns `false` if the term is over or the time for that has passed.
    ///
    /// A transport that is full gets the settlements that need no room first: what they finish can be trimmed. The others keep
    /// their order among themselves, so that the retries of a key stay in order.
    fn settle(&mut self, settlements: &[Settlement]) -> bool {
        if self.term.holds_back() && settlements.iter().any(needs_room) {
            return self.hold_back(settlements);
        }
        loop {
            let result = self
                .source
                .transport
                .settle(self.term.member(), settlements);
            let full = |error: &TransportError| error.kind() == TransportErrorKind::Full;
            let is_full = result.as_ref().is_err_and(full);
            match result {
                Ok(()) => {
                    self.settling.reset();
                    if settlements.iter().any(needs_room) {
                        self.holding.reset();
                    }
                    self.term.settled(settlements);
                    self.source.metrics.settled(settlements);
                    return true;
                }
                Err(error) if self.is_lost(&error) => return false,
                Err(error) => {
                    throttled!(
                    warn, target: "events_bus::consumer", topic = &*self.source.topic, group = &*self.source.group, %error,
                        entries = settlements.len(), "cannot settle, and retries"
                    );
                }
            }
            if self.source.is_past_deadline() || self.term.is_over() {
                return false;
            }
            self.heartbeat();
            if is_full && settlements.iter().any(needs_room) {
                return self.hold_back(settlements);
            }
            self.source.sleep(self.settling.next());
        }
    }

    /// Settles what needs no room, and holds back the rest. Returns what [`settle`](Self::settle) returns.
    fn hold_back(&mut self, settlements: &[Settlement]) -> bool {
        let (held, plain): (Vec<_>, Vec<_>) = settlements.iter().cloned().partition(needs_room);
        // A time that is set stays.
        let pause = if self.term.holds_back() {
            Duration::ZERO
        } else {
            self.holding.next()
        };
        self.term.hold(held, Instant::now() + pause);
        plain.is_empty() || self.settle(&plain)
    }

    /// Ends the term if another consumer leads.
    fn is_lost(&self, error: &TransportError) -> bool {
        let is_lost = error.kind() == TransportErrorKind::LostLease;
        if is_lost && !self.term.is_over() {
            self.source.lost(error);
            self.term.end();
        }
        is_lost
    }

    /// Renews the lease, or the claims on entries in flight.
    fn heartbeat(&mut self) {
        let asked = Instant::now();
        if self.executor.is_stuck() {
            if !self.term.covers(asked) {
                self.term.end();
            }
            return;
        }
        if asked < self.beat {
            return;
        }
        let (lease, member) = (self.config.lease, self.term.member());
        let entries = match member.epoch {
            Some(_) => Vec::new(),
            None => self.term.touched(),
        };
        match self.source.transport.renew(member, lease, &entries) {
            Ok(()) => {
                if member.epoch.is_some() {
                    self.term.renewed(asked + lease);
                }
                self.beats.reset();
                self.beat = asked + lease / 3;
            }
            Err(error) if self.is_lost(&error) => {}
            Err(error) => {
                throttled!(
                    warn, target: "events_bus::consumer", topic = &*self.source.topic, group = &*self.source.group, %error,
                    "cannot renew the lease, and retries"
                );
                self.beat = Instant::now() + self.beats.next().min(lease / 3);
            }
        }
    }

    /// Claims retries that are due, as many as fit into what may be in flight.
    fn claim_retries(&mut self) {
        let now = Instant::now();
        if now < self.claims_from || self.executor.is_stuck() {
            return;
        }
        let Some(room) = self.term.retry_room(self.config.batch) else {
            return;
        };
        let retries = &self.term.retries;
        let due = retries.take_due(now, room.entries, room.bytes, self.largest);
        if due.is_empty() {
            return;
        }
        let ids: Vec<_> = due.iter().map(|place| place.id.clone()).collect();
        let idle = if self.source.is_led {
            Duration::ZERO
        } else {
            self.config.lease
        };
        let member = self.term.member();
        match self
            .source
            .transport
            .claim_retries(member, &ids, idle, false)
        {
            Ok(entries) => {
                self.claiming.reset();
                self.take(&due, entries, now);
            }
            Err(error) if self.is_lost(&error) => {}
            Err(error) => {
                throttled!(
                    warn, target: "events_bus::consumer", topic = &*self.source.topic, group = &*self.source.group, %error,
                    retries = ids.len(), "cannot claim retries, and tries again"
                );
                self.claims_from = now + self.claiming.next();
                for place in &due {
                    retries.put_back(place, self.claims_from);
                }
            }
        }
    }

    /// Hands claimed retries to the executor.
    fn take(&mut self, due: &[Place], mut entries: Vec<Entry>, now: Instant) {
        let retries = &self.term.retries;
        let wall = events_core::Timestamp::now();
        let mut largest = 0;
        let mut claimed = HashSet::new();
        entries.retain(|entry| {
            let Some(state) = &entry.retry else {
                return false;
            };
            let place = Place::new(entry.id, state);
            claimed.insert(place.id.clone());
            let wait = state.wait(wall);
            if entry.trials > 0 || entry.deliveries > self.config.max_deliveries {
                retries.put_aside(&place);
                return false;
            }
            if !self.source.is_led && !wait.is_zero() {
                let due = crate::deadline::from(now, wait);
                if retries.put_back_if_run(&place, state.attempts, due) {
                    return false;
                }
            }
            largest = largest.max(entry.size());
            true
        });
        if largest > 0 {
            self.largest = match self.largest {
                usize::MAX => largest,
                known => known.max(largest),
            };
        }
        for place in due.iter().filter(|place| !claimed.contains(&place.id)) {
            retries.finished(place);
        }
        let copies = self.term.took_retries(&entries);
        if !entries.is_empty() {
            reader::push(self.term, self.executor, entries, &copies);
        }
    }
}

/// Returns `true` if a settlement stores something that stays.
fn needs_room(settlement: &Settlement) -> bool {
    settlement.parked.is_some() || !settlement.dead.is_empty()
}
