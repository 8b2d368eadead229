//! Runs the receivers of an entry, and says what came of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::delivery::Redelivery;
use events_core::{AnySignal, EventInfo, Outcome as ReceiverOutcome, ReceiverInfo, Responses};

use super::Shared;
use super::job::Job;
use super::plan::{Choice, Kind, Plan, choose};
use super::retry::{Verdict, verdict};
use super::waiting::{Due, Reason};
use crate::trace::{Current, TraceContext};
use crate::transport::DeadReason;

/// So much of what a receiver says is kept.
const ERROR_LIMIT: usize = 2000;

/// What a lane does next.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// An entry that was handed out.
    First(Arc<Job>),
    /// A receiver that waited is due.
    Again(Due),
}

impl Work {
    pub(super) fn first(job: Arc<Job>) -> Self {
        Self::First(job)
    }

    pub(super) fn again(due: Due) -> Self {
        Self::Again(due)
    }

    pub(super) fn job(&self) -> &Arc<Job> {
        match self {
            Self::First(job) => job,
            Self::Again(due) => &due.job,
        }
    }

    pub(super) fn is_current(&self, now: Instant) -> bool {
        self.job().is_current(now)
    }

    pub(super) fn event_type(&self) -> &str {
        self.job()
            .record()
            .map_or("", |record| record.metadata.event_type())
    }

    /// How many of its receivers have begun.
    pub(super) fn begun(&self) -> usize {
        match self {
            Self::First(job) => job.run.begun(),
            Self::Again(_) => 1,
        }
    }

    /// For messages.
    pub(super) fn receivers(&self) -> &str {
        match self {
            Self::First(_) => "(one of those of the event)",
            Self::Again(due) => &due.place.receiver,
        }
    }
}

/// What came of a piece of work.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Every receiver handled the event.
    Fine(Arc<[Arc<str>]>),
    /// The whole entry is a dead letter.
    Dead(DeadReason, Box<str>),
    Mixed(Box<Mixed>),
}

#[derive(Debug, Default)]
pub(super) struct Mixed {
    /// What was known before.
    pub(super) before: Choice,
    pub(super) handled: Vec<Arc<str>>,
    pub(super) failed: Vec<Failed>,
}

#[derive(Debug)]
pub(super) struct Failed {
    pub(super) receiver: Arc<str>,
    pub(super) attempts: u32,
    pub(super) verdict: Verdict,
    pub(super) error: Box<str>,
}

/// Runs receivers, and says in `ended` when they were through. No lock is held.
pub(super) fn run(work: &Work, plan: Plan, shared: &Shared, ended: &mut Instant) -> Outcome {
    let job = work.job();
    *ended = Instant::now();
    if let Kind::Dead(reason, error) = plan.0 {
        return Outcome::Dead(reason, error);
    }
    let (Ok(record), Some((signal, event))) = (job.record(), job.event()) else {
        return Outcome::Dead(DeadReason::Undecodable, "the entry holds no event".into());
    };
    let mut deliver = |how: Redelivery<'_>| {
        let how = how.running_durable();
        let began = *ended;
        let trace = record.trace.as_ref().map(TraceContext::child);
        let responses = TraceContext::enter(Current::or_new(trace), || {
            let span = tracing::debug_span!(
                target: "events_bus", "events_bus.handle", event_type = record.metadata.event_type(),
                event_id = %record.metadata.id(), topic = &*job.source.topic, group = &*job.source.group,
                entry = %job.entry.id, traceparent = TraceContext::current().map(tracing::field::display)
            );
            span.in_scope(|| event.get().redeliver(&record.metadata, how))
        });
        let responses = shared.settle_tasks(responses);
        *ended = Instant::now();
        let time = ended.duration_since(began);
        job.source.metrics.handled(responses.len(), time);
        responses
    };
    let how = if shared.from_event_bus || record.from_event_bus {
        Redelivery::from_event_bus()
    } else {
        Redelivery::from_outbox()
    };
    match plan.0 {
        Kind::Dead(reason, error) => Outcome::Dead(reason, error),
        Kind::All => {
            let responses = deliver(how.watched_by(&job.run));
            if responses.is_ok() {
                return Outcome::Fine(ids(signal, &responses));
            }
            let mut mixed = Mixed::default();
            mixed.note(&responses, 0, shared);
            Outcome::Mixed(Box::new(mixed))
        }
        Kind::One => {
            let Work::Again(due) = work else {
                return Outcome::Mixed(Box::default());
            };
            job.source.metrics.retried();
            let only = |info: &ReceiverInfo| info.is_called(&due.place.receiver);
            let responses = deliver(how.only(&only));
            let mut mixed = Mixed::default();
            mixed.note(&responses, due.attempts, shared);
            Outcome::Mixed(Box::new(mixed))
        }
        Kind::Some(choice) => {
            let mut mixed = Mixed {
                before: *choice,
                ..Mixed::default()
            };
            if !mixed.before.run.is_empty() {
                let run = &mixed.before.run;
                job.run.choose(run);
                let only = |info: &ReceiverInfo| run.iter().any(|id| info.is_called(id));
                let responses = deliver(how.only(&only).watched_by(&job.run));
                mixed.note(&responses, 0, shared);
            }
            Outcome::Mixed(Box::new(mixed))
        }
    }
}

impl Mixed {
    fn note(&mut self, responses: &Responses, attempts_before: u32, shared: &Shared) {
        for response in responses.iter() {
            let receiver: Arc<str> = Arc::from(&*response.receiver().id);
            let attempts = attempts_before + 1;
            let (error, verdict) = match response.outcome() {
                ReceiverOutcome::Failed(error) => {
                    (say(&error), verdict(&shared.retry, attempts, Some(error)))
                }
                ReceiverOutcome::Panicked(message) => (
                    say(&format_args!("panicked: {message}")),
                    verdict(&shared.retry, attempts, None),
                ),
                _ => {
                    self.handled.push(receiver);
                    continue;
                }
            };
            self.failed.push(Failed {
                receiver,
                attempts,
                verdict,
                error,
            });
        }
    }
}

/// What a receiver says, as far as it is kept. Its `Display` is foreign, and may panic.
fn say(error: &dyn std::fmt::Display) -> Box<str> {
    let text = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| error.to_string()));
    let mut text = text.unwrap_or_else(|_| "(an error that panics when it is shown)".to_owned());
    if text.len() > ERROR_LIMIT {
        let end = (0..=ERROR_LIMIT)
            .rev()
            .find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text.into()
}

/// The ids of the receivers that handled an event, shared by all events of the signal.
fn ids(signal: &'static dyn AnySignal, responses: &Responses) -> Arc<[Arc<str>]> {
    thread_local! {
        static IDS: RefCell<HashMap<*const EventInfo, Arc<[Arc<str>]>>> = RefCell::default();
    }
    IDS.with_borrow_mut(|known| {
        // Hashing the name of the type would cost as much as all the rest.
        let known = known.entry(signal.event()).or_default();
        let same = known.len() == responses.len()
            && known
                .iter()
                .zip(responses.iter())
                .all(|(id, response)| **id == *response.receiver().id);
        if !same {
            *known = responses
                .iter()
                .map(|response| Arc::from(&*response.receiver().id))
                .collect();
        }
        Arc::clone(known)
    })
}

/// What comes of work that did not come back in time.
pub(super) fn timed_out(work: &Work, limit: Duration, shared: &Shared) -> Outcome {
    let error: Box<str> =
        format!("did not come back within {limit:?}, which is `receiver_timeout`").into();
    let fail = |receiver: Arc<str>, attempts: u32, error: Box<str>| Failed {
        receiver,
        attempts,
        verdict: verdict(&shared.retry, attempts, None),
        error,
    };
    let mut mixed = Mixed::default();
    match work {
        Work::Again(due) => {
            let receiver = Arc::clone(&due.place.receiver);
            mixed.failed.push(fail(receiver, due.attempts + 1, error));
        }
        Work::First(job) => {
            let Some((signal, _)) = job.event() else {
                return Outcome::Dead(DeadReason::Undecodable, error);
            };
            let (begun, handled) = job.run.give_up();
            mixed.before = choose(job, signal, shared);
            let run = std::mem::take(&mut mixed.before.run);
            let (run, held_back): (Vec<_>, Vec<_>) = run
                .into_iter()
                .partition(|receiver| job.run.is_chosen(receiver));
            let mut open = Vec::new();
            for (index, receiver) in run.into_iter().enumerate() {
                if index >= begun {
                    // It was not begun with, and is run by itself.
                    mixed.before.open.push((receiver, Reason::Blocked));
                } else if index < 64 && handled & (1 << index) != 0 {
                    mixed.handled.push(receiver);
                } else {
                    open.push(receiver);
                }
            }
            let blocked = held_back.into_iter().map(|id| (id, Reason::Blocked));
            mixed.before.open.extend(blocked);
            // Those before it have failed, but what they said is in the thread that does not come back.
            let error: Box<str> = match open.len() {
                1 => error,
                _ => format!("this receiver failed, or it or a later one of the event {error}")
                    .into(),
            };
            let failed = open.into_iter();
            mixed
                .failed
                .extend(failed.map(|receiver| fail(receiver, 1, error.clone())));
        }
    }
    Outcome::Mixed(Box::new(mixed))
}
