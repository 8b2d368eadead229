//! Runs the receivers of an entry, and says what came of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::delivery::Redelivery;
use events_core::{
    AnySignal, Outcome as ReceiverOutcome, ReceiverInfo, Responses, Timestamp, registry,
};

use super::Shared;
use super::job::Job;
use super::report::{Handled, ReceiverReport, ReceiverResult};
use super::retry::{Verdict, verdict};
use super::waiting::{Due, Reason, WaitingRoom};
use crate::trace::TraceContext;
use crate::transport::{DeadLetter, DeadReason, ReceiverState, Settlement};
use crate::wire;

/// So much of what a receiver says is kept.
const ERROR_LIMIT: usize = 2000;

/// What a lane does next.
#[derive(Debug)]
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

    pub(super) fn is_current(&self) -> bool {
        self.job().is_current()
    }

    pub(super) fn event_type(&self) -> &str {
        self.job()
            .record()
            .map_or("", |record| record.metadata.event_type())
    }

    /// For messages.
    pub(super) fn receivers(&self) -> &str {
        match self {
            Self::First(_) => "(one of those of the event)",
            Self::Again(due) => &due.place.receiver,
        }
    }
}

/// Which receivers are to be run.
#[derive(Debug)]
pub(super) struct Plan(Kind);

#[derive(Debug)]
enum Kind {
    /// None: the entry is a dead letter.
    Dead(DeadReason, Box<str>),
    /// All that the signal has, and nothing is known of an earlier delivery.
    All,
    /// One that waited.
    One,
    Some(Box<Choice>),
}

/// What is known of the receivers of an entry before any is run.
#[derive(Debug, Default)]
struct Choice {
    run: Vec<Arc<str>>,
    handled: Vec<Arc<str>>,
    dead: Vec<Arc<str>>,
    /// Those that the binary does not have.
    unknown: Vec<Arc<str>>,
    open: Vec<(Arc<str>, Reason)>,
}

pub(super) fn plan(work: &Work, shared: &Shared) -> Plan {
    let Work::First(job) = work else {
        return Plan(Kind::One);
    };
    let record = match job.record() {
        Ok(record) => record,
        Err(malformed) => return Plan(Kind::Dead(DeadReason::Malformed, malformed.reason.clone())),
    };
    let event_type = record.metadata.event_type();
    let Some(signal) = find(event_type) else {
        let message = format!(
            "no event of this binary has the type `{event_type}`: link the catalog that declares it, or leave the type out of \
             the topic"
        );
        return Plan(Kind::Dead(DeadReason::UnknownType, message.into()));
    };
    if job.event().is_none() {
        match wire::decode_any(signal, &record.body, record.metadata.minor_version()) {
            Ok(event) => job.set_event(signal, event),
            Err(error) => {
                let message = error.to_string().into();
                return Plan(Kind::Dead(DeadReason::Undecodable, message));
            }
        }
    }
    let entry = &job.entry;
    if record.receivers.is_empty() && entry.progress.is_empty() && entry.handled_by.is_empty() {
        return Plan(Kind::All);
    }
    let choice = choose(job, signal, shared);
    Plan(Kind::Some(Box::new(choice)))
}

/// The signal of an event type. Mostly that of the entry before.
fn find(event_type: &str) -> Option<&'static dyn AnySignal> {
    thread_local! {
        static LAST: RefCell<Option<&'static dyn AnySignal>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| match last {
        Some(signal) if signal.event().event_type == event_type => Some(*signal),
        _ => {
            *last = registry::find(event_type);
            *last
        }
    })
}

/// Goes through the receivers with what is known of earlier deliveries.
fn choose(job: &Job, signal: &'static dyn AnySignal, shared: &Shared) -> Choice {
    let mut choice = Choice::default();
    let Ok(record) = job.record() else {
        return choice;
    };
    let receivers = signal.receivers();
    let named = |info: &ReceiverInfo| {
        record.receivers.is_empty() || record.receivers.iter().any(|id| info.is_called(id))
    };
    let now = Timestamp::now();
    let mut duplicates = 0;
    for info in receivers.iter().filter(|info| named(info)) {
        let id: Arc<str> = Arc::from(&*info.id);
        let progress = job
            .entry
            .progress
            .iter()
            .find(|progress| info.is_called(&progress.receiver));
        match progress.map(|progress| &progress.state) {
            Some(ReceiverState::Handled) => choice.handled.push(id),
            Some(ReceiverState::Dead) => choice.dead.push(id),
            Some(ReceiverState::Failed {
                attempts,
                next_attempt,
                error,
            }) => {
                let left = next_attempt
                    .as_micros()
                    .saturating_sub(now.as_micros())
                    .max(0);
                // The clock may have been set since: nothing waits longer than it ever would.
                let delay = Duration::from_micros(left.unsigned_abs()).min(shared.retry.max_delay);
                let reason = Reason::Failed {
                    attempts: *attempts,
                    error: error.clone(),
                    delay,
                };
                choice.open.push((id, reason));
            }
            None if job.entry.handled_by.iter().any(|by| info.is_called(by)) => {
                duplicates += 1;
                choice.handled.push(id);
            }
            None => choice.run.push(id),
        }
    }
    if duplicates > 0 {
        job.source.metrics.duplicates(duplicates);
    }
    let known = |id: &Arc<str>| receivers.iter().any(|info| info.is_called(id));
    let gave_up = |id: &Arc<str>| {
        let dead = |progress: &crate::transport::Progress| {
            progress.receiver == *id && progress.state == ReceiverState::Dead
        };
        job.entry.progress.iter().any(dead)
    };
    for id in record.receivers.iter().filter(|id| !known(id)) {
        if gave_up(id) {
            choice.dead.push(Arc::clone(id));
        } else {
            choice.unknown.push(Arc::clone(id));
        }
    }
    choice
}

impl Plan {
    /// Leaves out receivers that have to wait for an earlier event of the same key.
    pub(super) fn hold_back(
        &mut self,
        work: &Work,
        blocks: impl Fn(&Arc<str>, Option<&Arc<str>>) -> bool,
    ) {
        let job = work.job();
        let key = job.key();
        if key.is_none() {
            return;
        }
        if matches!(self.0, Kind::All)
            && let Some((signal, _)) = job.event()
        {
            let ids: Vec<Arc<str>> = signal
                .receivers()
                .iter()
                .map(|info| Arc::from(&*info.id))
                .collect();
            if !ids.iter().any(|id| blocks(id, key)) {
                return;
            }
            self.0 = Kind::Some(Box::new(Choice {
                run: ids,
                ..Choice::default()
            }));
        }
        if let Kind::Some(choice) = &mut self.0 {
            let run = std::mem::take(&mut choice.run);
            for id in run {
                if blocks(&id, key) {
                    choice.open.push((id, Reason::Blocked));
                } else {
                    choice.run.push(id);
                }
            }
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
    before: Choice,
    handled: Vec<Arc<str>>,
    failed: Vec<Failed>,
}

#[derive(Debug)]
struct Failed {
    receiver: Arc<str>,
    attempts: u32,
    verdict: Verdict,
    error: Box<str>,
}

/// Runs receivers. No lock is held.
pub(super) fn run(work: &Work, plan: Plan, shared: &Shared) -> Outcome {
    let job = work.job();
    if let Kind::Dead(reason, error) = plan.0 {
        return Outcome::Dead(reason, error);
    }
    let (Ok(record), Some((signal, event))) = (job.record(), job.event()) else {
        return Outcome::Dead(DeadReason::Undecodable, "the entry holds no event".into());
    };
    let deliver = |how: Redelivery<'_>| {
        let how = how.running_durable();
        let trace = record
            .trace
            .as_ref()
            .map_or_else(TraceContext::new_trace, TraceContext::child);
        let span = tracing::debug_span!(
            target: "events_bus", "events_bus.handle", event_type = record.metadata.event_type(), event_id = %record.metadata.id(),
            topic = &*job.source.topic, group = &*job.source.group, entry = %job.entry.id, traceparent = %trace
        );
        let responses = TraceContext::enter(Some(trace), || {
            span.in_scope(|| event.get().redeliver(&record.metadata, how))
        });
        shared.settle_tasks(responses)
    };
    let how = if shared.from_event_bus {
        Redelivery::from_event_bus()
    } else {
        Redelivery::from_outbox()
    };
    let began = Instant::now();
    match plan.0 {
        Kind::Dead(reason, error) => Outcome::Dead(reason, error),
        Kind::All => {
            let responses = deliver(how);
            job.source.metrics.handled(responses.len(), began.elapsed());
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
            job.source.metrics.handled(responses.len(), began.elapsed());
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
                let only = |info: &ReceiverInfo| run.iter().any(|id| info.is_called(id));
                let responses = deliver(how.only(&only));
                job.source.metrics.handled(responses.len(), began.elapsed());
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
        static IDS: RefCell<HashMap<&'static str, Arc<[Arc<str>]>>> = RefCell::default();
    }
    IDS.with_borrow_mut(|known| {
        let known = known.entry(signal.event().event_type).or_default();
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
            mixed.before = choose(job, signal, shared);
            let run = std::mem::take(&mut mixed.before.run);
            // Which of several it was is not known: each is tried again by itself, which tells.
            let error: Box<str> = match run.len() {
                1 => error,
                _ => format!("this receiver, or another one of the event, {error}").into(),
            };
            mixed.failed.extend(
                run.into_iter()
                    .map(|receiver| fail(receiver, 1, error.clone())),
            );
        }
    }
    Outcome::Mixed(Box::new(mixed))
}

/// Notes the outcome in the waiting room, and says what is to be settled.
pub(super) fn apply<'a>(
    room: &mut WaitingRoom,
    work: &'a Work,
    outcome: Outcome,
) -> (Option<Settlement>, Handled<'a>) {
    let job = work.job();
    let (settlement, reports) = match outcome {
        Outcome::Fine(handled) => {
            let id = job.event_id();
            let settlement = Settlement::finished(job.entry_id(), id, Arc::clone(&handled));
            return (Some(settlement), Handled::fine(job, handled));
        }
        Outcome::Dead(reason, error) => {
            job.source.metrics.dead(reason);
            let letter = letter(job, reason, error.clone());
            tracing::warn!(
                target: "events_bus::consumer", topic = &*job.source.topic, group = &*job.source.group, entry = %job.entry_id(),
                %reason, error = &*error, "dead letter"
            );
            let settlement = Settlement::finished(job.entry_id(), job.event_id(), Arc::default())
                .with_dead(vec![letter]);
            return (Some(settlement), Handled::gave_up(job, reason, error));
        }
        Outcome::Mixed(mixed) => match work {
            Work::First(job) => first(room, job, *mixed),
            Work::Again(due) => again(room, due, *mixed),
        },
    };
    let is_first = matches!(work, Work::First(_));
    (settlement, Handled::mixed(job, is_first, reports))
}

fn letter(job: &Job, reason: DeadReason, error: Box<str>) -> DeadLetter {
    DeadLetter::new(
        Arc::clone(&job.source.group),
        reason,
        error,
        job.entry_id(),
        Timestamp::now(),
        job.entry.record.clone(),
    )
}

/// Letters of receivers that gave up, with a line in the log for each.
fn give_up(job: &Job, failed: &Failed, reason: DeadReason) -> DeadLetter {
    job.source.metrics.dead(reason);
    tracing::warn!(
        target: "events_bus::consumer", topic = &*job.source.topic, group = &*job.source.group, entry = %job.entry_id(),
        receiver = &*failed.receiver, attempts = failed.attempts, %reason, error = &*failed.error, "dead letter"
    );
    letter(job, reason, failed.error.clone())
        .by_receiver(Arc::clone(&failed.receiver), failed.attempts)
}

fn first(
    room: &mut WaitingRoom,
    job: &Arc<Job>,
    mixed: Mixed,
) -> (Option<Settlement>, Vec<ReceiverReport>) {
    let Mixed {
        before,
        mut handled,
        failed,
    } = mixed;
    let mut reports: Vec<_> = handled
        .iter()
        .map(|id| ReceiverReport::new(Arc::clone(id), ReceiverResult::Handled))
        .collect();
    let Choice {
        handled: earlier,
        mut dead,
        unknown,
        mut open,
        ..
    } = before;
    handled.extend(earlier);
    let mut letters = Vec::new();
    for receiver in unknown {
        let error = format!(
            "this binary has no receiver `{receiver}`: if it was renamed, give its new annotation `alias = \"{receiver}\"`"
        );
        let failed = Failed {
            receiver,
            attempts: 0,
            verdict: Verdict::Permanent,
            error: error.into(),
        };
        letters.push(give_up(job, &failed, DeadReason::UnknownReceiver));
        reports.push(ReceiverReport::dead(&failed.receiver, &failed.error, 0));
        dead.push(failed.receiver);
    }
    for failed in failed {
        job.source.metrics.failed();
        let reason = match failed.verdict {
            Verdict::Again(delay) => {
                reports.push(ReceiverReport::again(
                    &failed.receiver,
                    &failed.error,
                    failed.attempts,
                    delay,
                ));
                let reason = Reason::Failed {
                    attempts: failed.attempts,
                    error: failed.error,
                    delay,
                };
                open.push((failed.receiver, reason));
                continue;
            }
            Verdict::Exhausted => DeadReason::Exhausted,
            Verdict::Permanent => DeadReason::Permanent,
        };
        letters.push(give_up(job, &failed, reason));
        reports.push(ReceiverReport::dead(
            &failed.receiver,
            &failed.error,
            failed.attempts,
        ));
        dead.push(failed.receiver);
    }
    let settlement = if open.is_empty() {
        Settlement::finished(job.entry_id(), job.event_id(), handled.into())
    } else {
        room.admit(Arc::clone(job), handled, dead, open, Instant::now())
    };
    (Some(settlement.with_dead(letters)), reports)
}

fn again(
    room: &mut WaitingRoom,
    due: &Due,
    mixed: Mixed,
) -> (Option<Settlement>, Vec<ReceiverReport>) {
    let now = Instant::now();
    let receiver = &due.place.receiver;
    let Some(failed) = mixed.failed.into_iter().next() else {
        // It handled the event; or it is connected no longer, or its signal is disabled: then it does not want it.
        let report = ReceiverReport::new(Arc::clone(receiver), ReceiverResult::Handled);
        return (room.through(due, None, now), vec![report]);
    };
    due.job.source.metrics.failed();
    let reason = match failed.verdict {
        Verdict::Again(delay) => {
            let report = ReceiverReport::again(receiver, &failed.error, failed.attempts, delay);
            let settlement = room.failed(due, failed.attempts, &failed.error, delay, now);
            return (settlement, vec![report]);
        }
        Verdict::Exhausted => DeadReason::Exhausted,
        Verdict::Permanent => DeadReason::Permanent,
    };
    let report = ReceiverReport::dead(receiver, &failed.error, failed.attempts);
    let letter = give_up(&due.job, &failed, reason);
    (room.through(due, Some(letter), now), vec![report])
}
