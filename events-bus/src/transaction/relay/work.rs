//! The thread of a relay.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use events_core::{BoxError, Timestamp};

use super::super::database_error;
use super::super::{OutboxSource, Term};
use super::destination::Destination;
use super::metrics::RelayMetrics;
use super::read::{LOOK, Look, Unreadable};
use super::rows::Rows;
use super::{CLOSES, DRAINS, Publishing, RelayState, STOPS, Shared};
use crate::backoff::Backoff;
use crate::metrics::ProducerMetrics;
use crate::transport::EntryId;

/// Interval at which an idle relay looks for rows.
pub(super) const POLL: Duration = Duration::from_millis(50);
/// Interval at which a standby asks for the lead.
const STANDBY: Duration = Duration::from_millis(250);
/// Interval at which the gauges are set.
const MEASURE: Duration = Duration::from_secs(15);
/// Interval between log lines about one fault.
const REPEAT: Duration = Duration::from_secs(30);

pub(super) struct Work {
    pub(super) source: Box<dyn OutboxSource>,
    pub(super) shared: Arc<Shared>,
    pub(super) metrics: RelayMetrics,
    pub(super) publishing: Publishing,
    pub(super) local_topic: Arc<str>,
    pub(super) term: Option<Term>,
    /// Time at which the lease is renewed, long before it ends by the clock of this process.
    pub(super) renew_at: Instant,
    pub(super) destinations: Vec<(Destination, ProducerMetrics)>,
    pub(super) by_topic: HashMap<Arc<str>, usize>,
    /// Number of the last row that was read.
    pub(super) cursor: i64,
    pub(super) look: Look,
    pub(super) rows: Rows,
    /// Rows that were sent and are still in the database. They outlive a database that goes away.
    pub(super) sent: Vec<i64>,
    /// Entries in memory whose receivers are not done.
    pub(super) in_memory: HashMap<EntryId, (i64, u32)>,
    pub(super) unreadable: HashMap<i64, Unreadable>,
    pub(super) measured: Option<Instant>,
    pub(super) logged: Option<Instant>,
    pub(super) poll: Duration,
}

/// Outcome of a round.
enum Round {
    /// There may be more to do.
    More,
    /// There is nothing to do now.
    Idle,
    /// Another relay leads.
    Standby,
}

impl Work {
    pub(super) fn new(
        source: Box<dyn OutboxSource>,
        shared: Arc<Shared>,
        publishing: Publishing,
    ) -> Self {
        let now = Instant::now();
        Self {
            metrics: RelayMetrics::new(&source.name()),
            source,
            shared,
            local_topic: Arc::from(&*publishing.local.topic),
            publishing,
            term: None,
            renew_at: now,
            destinations: Vec::new(),
            by_topic: HashMap::new(),
            cursor: 0,
            look: Look {
                due: now + LOOK,
                began: None,
                until: 0,
            },
            rows: Rows::default(),
            sent: Vec::new(),
            in_memory: HashMap::new(),
            unreadable: HashMap::new(),
            measured: None,
            logged: None,
            poll: POLL,
        }
    }

    pub(super) fn run(&mut self) {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
        let mut drains = false;
        loop {
            let phase = self.shared.phase();
            if phase == STOPS || (phase == CLOSES && self.in_memory.is_empty()) {
                break;
            }
            if phase >= DRAINS && !drains {
                drains = true;
                self.begin_look();
            }
            // The source may be foreign, and a panic of it must not end the relay: nobody would notice.
            let round = catch_unwind(AssertUnwindSafe(|| {
                if phase == CLOSES {
                    self.finish().map(|_| Round::Idle)
                } else {
                    self.round()
                }
            }));
            self.shared.asking.store(0, Ordering::Relaxed);
            match round.unwrap_or_else(|_| Err("the outbox panicked".into())) {
                Ok(Round::More) => backoff.reset(),
                Ok(Round::Idle) => {
                    backoff.reset();
                    // A topic that takes nothing does not hold up the end.
                    if drains && self.in_memory.is_empty() && self.look.began.is_none() {
                        break;
                    }
                    self.pause(self.poll);
                }
                Ok(Round::Standby) if drains => break,
                Ok(Round::Standby) => self.pause(STANDBY),
                Err(error) => {
                    self.unreachable(&error);
                    if drains {
                        break;
                    }
                    self.pause(backoff.next());
                }
            }
        }
        self.end();
    }

    /// Removes sent rows, and gives up the lead.
    fn end(&mut self) {
        let end = || -> Result<(), BoxError> {
            self.finish()?;
            if let Some(term) = self.term.take() {
                self.source.release(&term)?;
            }
            Ok(())
        };
        if let Ok(Err(error)) = catch_unwind(AssertUnwindSafe(end)) {
            tracing::debug!(
                target: "events_bus::relay", error = database_error::text(&*error),
                "the lead of the outbox was not given up; it ends with the lease"
            );
        }
        self.set_state(RelayState::Standby);
    }

    fn set_state(&self, state: RelayState) {
        self.shared.set_state(state);
        self.metrics.state(state);
    }

    fn unreachable(&mut self, error: &BoxError) {
        // The lease is confirmed before anything else happens.
        self.renew_at = Instant::now();
        if !matches!(self.shared.state(), RelayState::Unreachable { .. }) {
            let since = Timestamp::now();
            self.set_state(RelayState::Unreachable { since });
            self.logged = None;
        }
        if self.may_log() {
            tracing::warn!(
                target: "events_bus::relay", outbox = self.source.name(), error = database_error::text(&**error),
                "the database of the outbox does not answer; the relay tries again"
            );
        }
    }

    /// Returns `true` once per fault and interval.
    pub(super) fn may_log(&mut self) -> bool {
        let may = self.logged.is_none_or(|at| at.elapsed() > REPEAT);
        if may {
            self.logged = Some(Instant::now());
        }
        may
    }

    /// Waits, unless the relay is to end.
    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        let phase = self.shared.phase();
        while self.shared.phase() == phase {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }

    /// Runs a call to the database. A call that does not return shows in the state.
    pub(super) fn ask<T>(
        &mut self,
        call: impl FnOnce(&mut dyn OutboxSource) -> Result<T, BoxError>,
    ) -> Result<T, BoxError> {
        let now = Timestamp::now().as_micros();
        self.shared.asking.store(now, Ordering::Relaxed);
        let answer = call(&mut *self.source);
        self.shared.asking.store(0, Ordering::Relaxed);
        answer
    }

    /// Makes sure that the lease has not ended, by the clock of this process. Returns the term if the relay leads.
    pub(super) fn confirm(&mut self) -> Result<Option<Term>, BoxError> {
        let (lease, now) = (self.publishing.lease, Instant::now());
        match self.term {
            Some(term) if now < self.renew_at => return Ok(Some(term)),
            Some(term) => {
                if !self.ask(|source| source.renew(&term, lease))? {
                    self.lose();
                    return Ok(None);
                }
            }
            None => {
                let Some(term) = self.ask(|source| source.lead(lease))? else {
                    self.set_state(RelayState::Standby);
                    return Ok(None);
                };
                tracing::info!(
                    target: "events_bus::relay", outbox = self.source.name(), epoch = %term.epoch,
                    "this relay publishes the events of transactions"
                );
                self.term = Some(term);
            }
        }
        if self.shared.state() != RelayState::Leading {
            self.set_state(RelayState::Leading);
        }
        // Counted from before the call.
        self.renew_at = now + lease / 3;
        Ok(self.term)
    }

    /// Forgets everything that belongs to the term: another relay leads.
    pub(super) fn lose(&mut self) {
        tracing::warn!(
            target: "events_bus::relay", outbox = self.source.name(),
            "another relay has taken the lead of the outbox"
        );
        self.term = None;
        for (destination, _) in &mut self.destinations {
            destination.reset();
        }
        self.rows.clear();
        self.sent.clear();
        self.in_memory.clear();
        self.unreadable.clear();
        self.cursor = 0;
        self.look.began = None;
        self.set_state(RelayState::Standby);
    }

    fn round(&mut self) -> Result<Round, BoxError> {
        if self.confirm()?.is_none() {
            return Ok(Round::Standby);
        }
        self.measure();
        let mut is_busy = self.finish()?;
        is_busy |= self.read()?;
        is_busy |= self.publish()?;
        is_busy |= self.quarantine_unreadable()?;
        is_busy |= self.finish()?;
        Ok(if self.term.is_none() {
            Round::Standby
        } else if is_busy {
            Round::More
        } else {
            Round::Idle
        })
    }

    /// Notes that a destination acknowledged a row.
    pub(super) fn done(&mut self, number: i64, index: u32) {
        if self.rows.done(number, index) {
            self.sent.push(number);
        }
    }

    /// Removes rows that are done. Returns `true` if there were any.
    fn finish(&mut self) -> Result<bool, BoxError> {
        let mut problems = Vec::new();
        if let Some(finished) = &self.publishing.local.finished {
            for finished in finished.try_iter() {
                // An entry of an earlier term is unknown.
                let Some((row, index)) = self.in_memory.remove(&finished.entry) else {
                    continue;
                };
                match finished.problem {
                    Some(problem) => problems.push((row, problem)),
                    None if self.rows.done(row, index) => self.sent.push(row),
                    None => {}
                }
            }
        }
        for (row, problem) in problems {
            self.quarantine(row, &problem, "?")?;
        }
        let Some(term) = self.term.filter(|_| !self.sent.is_empty()) else {
            return Ok(false);
        };
        let sent = std::mem::take(&mut self.sent);
        let removed = self.ask(|source| source.remove(&term, &sent));
        match removed {
            Ok(true) => {}
            Ok(false) => {
                self.lose();
                return Ok(false);
            }
            Err(error) => {
                self.sent = sent;
                return Err(error);
            }
        }
        for number in &sent {
            self.rows.remove(*number);
        }
        self.shared
            .sent
            .fetch_add(sent.len() as u64, Ordering::Relaxed);
        self.metrics.sent(sent.len());
        Ok(true)
    }

    pub(super) fn quarantine(
        &mut self,
        number: i64,
        problem: &str,
        event_type: &str,
    ) -> Result<(), BoxError> {
        let Some(term) = self.term else {
            return Ok(());
        };
        if !self.ask(|source| source.quarantine(&term, number, problem))? {
            self.lose();
            return Ok(());
        }
        tracing::error!(
            target: "events_bus::relay", outbox = self.source.name(), number, event_type, problem,
            "an event of a transaction cannot be sent and is quarantined"
        );
        self.rows.remove(number);
        self.shared.quarantined.fetch_add(1, Ordering::Relaxed);
        self.metrics.quarantined();
        Ok(())
    }

    /// Sets the gauges. A failure is no reason not to publish.
    fn measure(&mut self) {
        if self.measured.is_some_and(|at| at.elapsed() < MEASURE) {
            return;
        }
        self.measured = Some(Instant::now());
        self.metrics.state(self.shared.state());
        match self.ask(|source| source.status()) {
            Ok(status) => {
                let age = status.oldest.map(|oldest| {
                    let micros = Timestamp::now()
                        .as_micros()
                        .saturating_sub(oldest.as_micros());
                    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
                });
                self.metrics.status(status.waiting, age, status.quarantined);
            }
            Err(error) => tracing::debug!(
                target: "events_bus::relay", outbox = self.source.name(), error = database_error::text(&*error),
                "the outbox cannot be measured"
            ),
        }
    }
}
