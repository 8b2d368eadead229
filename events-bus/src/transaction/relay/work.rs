//! What the thread of a relay does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use events_core::delivery::Redelivery;
use events_core::{BoxError, ReceiverInfo, Timestamp};

use super::super::said::said;
use super::super::{OutboxRow, OutboxSource};
use super::{DRAINS, RUNS, STOPS, Shared};
use crate::backoff::Backoff;
use crate::metrics::RelayMetrics;
use crate::producer::tap;
use crate::trace::{Current, TraceContext};

/// Rows that are read at once.
const BATCH: usize = 100;
/// How long rows that were sent may stay, so that few are sent twice when the process is killed while receivers are slow.
const REMOVE_AFTER: Duration = Duration::from_millis(100);
/// How often it makes sure that it leads.
const CONFIRM: Duration = Duration::from_millis(250);
/// How often one that does not lead asks for it.
const STANDBY: Duration = Duration::from_millis(500);
/// How often it looks for rows that nobody told it of.
const POLL: Duration = Duration::from_secs(1);
/// How long it does not look whether it is to end.
const SLICE: Duration = Duration::from_millis(100);
/// How often the gauges are set.
const MEASURE: Duration = Duration::from_secs(15);

pub(super) struct Work {
    source: Box<dyn OutboxSource>,
    shared: Arc<Shared>,
    metrics: RelayMetrics,
    /// When it was last sure that it leads.
    confirmed: Option<Instant>,
    /// The numbers of what was sent and is still in the table, and since when there are any. They outlive a database that goes away.
    sent: Vec<i64>,
    sent_since: Option<Instant>,
    unfinished: Option<Unfinished>,
    measured: Option<Instant>,
    #[cfg(feature = "tokio")]
    runtime: Option<tokio::runtime::Handle>,
}

/// An event that was not taken by everybody who is to keep it: it is sent again to those alone.
struct Unfinished {
    number: i64,
    receivers: Vec<String>,
}

/// How a round ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Everything that was there has been sent.
    Done,
    /// There may be more.
    More,
    /// An event was not taken, and the others wait behind it.
    Blocked,
    /// Another relay leads.
    Standby,
}

impl Work {
    pub(super) fn new(
        source: Box<dyn OutboxSource>,
        shared: Arc<Shared>,
        #[cfg(feature = "tokio")] runtime: Option<tokio::runtime::Handle>,
    ) -> Self {
        let metrics = RelayMetrics::new(&source.name());
        Self {
            source,
            shared,
            metrics,
            confirmed: None,
            sent: Vec::new(),
            sent_since: None,
            unfinished: None,
            measured: None,
            #[cfg(feature = "tokio")]
            runtime,
        }
    }

    pub(super) fn run(&mut self) {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        let mut troubled = false;
        while self.shared.phase() != STOPS {
            let drains = self.shared.phase() == DRAINS;
            // The source may be foreign, and a panic of it must not end the relay: nobody would miss it.
            let round = catch_unwind(AssertUnwindSafe(|| self.round()))
                .unwrap_or_else(|_| Err("the outbox panicked".into()));
            let round = match round {
                Ok(round) => round,
                Err(error) => {
                    self.leads(false);
                    tracing::warn!(
                        target: "events_bus::relay", outbox = self.source.name(), error = said(&*error),
                        "the outbox of transactions does not answer, which is tried again"
                    );
                    if drains {
                        break;
                    }
                    self.pause(backoff.next());
                    continue;
                }
            };
            if troubled && matches!(round, Round::Done | Round::More) {
                tracing::info!(
                    target: "events_bus::relay", outbox = self.source.name(),
                    "events of transactions are sent, after they could not be"
                );
                troubled = false;
            }
            match round {
                Round::Blocked if !troubled => {
                    tracing::warn!(
                        target: "events_bus::relay", outbox = self.source.name(),
                        "an event of a transaction was not taken, which is tried again; those behind it wait"
                    );
                    troubled = true;
                }
                _ => {}
            }
            if drains && round != Round::More {
                break;
            }
            match round {
                Round::More => backoff.reset(),
                Round::Done => {
                    backoff.reset();
                    self.idle();
                }
                Round::Blocked => self.pause(backoff.next()),
                Round::Standby => self.pause(STANDBY),
            }
        }
        self.leads(false);
        let left = catch_unwind(AssertUnwindSafe(|| self.source.leave()));
        drop(left);
    }

    /// Waits until there may be something to send.
    fn idle(&mut self) {
        let until = Instant::now() + POLL;
        while self.shared.phase() == RUNS && Instant::now() < until {
            let source = &mut self.source;
            let waited = catch_unwind(AssertUnwindSafe(|| source.wait(SLICE)));
            match waited {
                Ok(false) => {}
                Ok(true) => return,
                Err(_) => self.pause(SLICE),
            }
        }
    }

    /// Waits, unless it is to end.
    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while self.shared.phase() == RUNS {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }

    fn leads(&mut self, leads: bool) {
        self.confirmed = leads.then(Instant::now);
        self.shared.leads.store(leads, Ordering::Relaxed);
    }

    /// Makes sure that it leads.
    fn confirm(&mut self) -> Result<bool, BoxError> {
        if self.confirmed.is_some_and(|at| at.elapsed() < CONFIRM) {
            return Ok(true);
        }
        let led = self.confirmed.is_some();
        let leads = self.source.lead()?;
        if leads && !led {
            let back = self.source.take_back()?;
            tracing::info!(
                target: "events_bus::relay", outbox = self.source.name(), taken_back = back,
                "this relay sends the events of transactions"
            );
        }
        self.leads(leads);
        Ok(leads)
    }

    /// Sends what is there.
    fn round(&mut self) -> Result<Round, BoxError> {
        // What was sent is removed whoever leads, and before anything is read: it must not be read again.
        self.remove()?;
        if !self.confirm()? {
            return Ok(Round::Standby);
        }
        self.measure();
        let rows = self.source.read(BATCH)?;
        let round = if rows.len() < BATCH {
            Round::Done
        } else {
            Round::More
        };
        for (number, row) in rows {
            if self.shared.phase() == STOPS {
                break;
            }
            if !self.confirm()? {
                self.remove()?;
                return Ok(Round::Standby);
            }
            let sent = match &row {
                Ok(row) => self.send(number, row),
                Err(problem) => Err(problem.clone()),
            };
            match sent {
                Ok(true) => {
                    self.sent.push(number);
                    self.shared.sent.fetch_add(1, Ordering::Relaxed);
                    self.metrics.sent();
                }
                Ok(false) => {
                    self.shared.failures.fetch_add(1, Ordering::Relaxed);
                    self.metrics.failed();
                    self.remove()?;
                    return Ok(Round::Blocked);
                }
                Err(problem) => {
                    let (event_type, event_id) = match &row {
                        Ok(row) => (&*row.event_type, Some(row.event_id)),
                        Err(_) => ("?", None),
                    };
                    tracing::error!(
                        target: "events_bus::relay", outbox = self.source.name(), number, event_type,
                        event_id = event_id.map(tracing::field::display), problem,
                        "an event of a transaction cannot be sent, and is set aside"
                    );
                    self.source.set_aside(number, &problem)?;
                    self.shared.set_aside.fetch_add(1, Ordering::Relaxed);
                    self.metrics.set_aside();
                }
            }
            let since = self.sent_since.get_or_insert_with(Instant::now);
            if since.elapsed() > REMOVE_AFTER {
                self.remove()?;
            }
        }
        self.remove()?;
        Ok(round)
    }

    fn remove(&mut self) -> Result<(), BoxError> {
        if !self.sent.is_empty() {
            self.source.remove(&self.sent)?;
            self.sent.clear();
        }
        self.sent_since = None;
        Ok(())
    }

    /// What is measured for those who watch is no reason not to send.
    fn measure(&mut self) {
        if self.measured.is_some_and(|at| at.elapsed() < MEASURE) {
            return;
        }
        self.measured = Some(Instant::now());
        match self.source.status() {
            Ok(status) => {
                let age = status.oldest.map(|oldest| {
                    let micros = Timestamp::now()
                        .as_micros()
                        .saturating_sub(oldest.as_micros());
                    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
                });
                self.metrics.standing(status.waiting, age, status.set_aside);
            }
            Err(error) => tracing::debug!(
                target: "events_bus::relay", outbox = self.source.name(), error = said(&*error),
                "the outbox of transactions could not be measured"
            ),
        }
    }

    /// Sends an event. `false` if whoever is to keep it has not taken it.
    fn send(&mut self, number: i64, row: &OutboxRow) -> Result<bool, String> {
        let (event, metadata) = row.decode()?;
        let unfinished = self.unfinished.take_if(|it| it.number == number);
        let only = |info: &ReceiverInfo| {
            unfinished.as_ref().is_none_or(|unfinished| {
                let mut receivers = unfinished.receivers.iter();
                receivers.any(|receiver| info.is_called(receiver))
            })
        };
        #[cfg(feature = "tokio")]
        let _runtime = self.runtime.as_ref().map(tokio::runtime::Handle::enter);
        let responses = TraceContext::enter(Current::or_none(row.trace_context()), || {
            let how = Redelivery::from_outbox().only(&only);
            event.get().redeliver(&metadata, how)
        });
        // The bus and the durable store must have it. What other receivers make of it is theirs, as in any send.
        let left: Vec<_> = responses
            .failures()
            .map(|failure| failure.receiver())
            .filter(|receiver| receiver.is_durable || receiver.id == tap::ID)
            .map(|receiver| receiver.id.to_string())
            .collect();
        // A bus that is dropped disconnects itself from the signals at any moment, but tells its relays first: if it has not told by
        // now, it was connected when the event was sent.
        if self.shared.phase() == STOPS {
            return Ok(false);
        }
        let is_sent = left.is_empty();
        if !is_sent {
            self.unfinished = Some(Unfinished {
                number,
                receivers: left,
            });
        }
        Ok(is_sent)
    }
}
