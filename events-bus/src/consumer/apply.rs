//! What came of receivers, as it is settled and told: retries, dead letters.

use std::sync::Arc;
use std::time::Instant;

use events_core::Timestamp;

use super::job::Job;
use super::plan::Choice;
use super::report::{Handled, ReceiverReport, ReceiverResult};
use super::retry::Verdict;
use super::run::{Failed, Mixed, Outcome, Work};
use super::waiting::{Due, Reason, WaitingRoom};
use crate::transport::{DeadLetter, DeadReason, Settlement};

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
