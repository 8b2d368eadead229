//! Which receivers an entry is for: by what it names, and by what is known of earlier deliveries.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use events_core::{AnySignal, ReceiverInfo, Timestamp, registry};

use super::Shared;
use super::job::Job;
use super::run::Work;
use super::waiting::Reason;
use crate::transport::{DeadReason, ReceiverState};
use crate::wire;

/// Which receivers are to be run.
#[derive(Debug)]
pub(super) struct Plan(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
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
pub(super) struct Choice {
    pub(super) run: Vec<Arc<str>>,
    pub(super) handled: Vec<Arc<str>>,
    pub(super) dead: Vec<Arc<str>>,
    /// Those that the binary does not have.
    pub(super) unknown: Vec<Arc<str>>,
    pub(super) open: Vec<(Arc<str>, Reason)>,
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
        // How a type is read from its text is foreign code, and a lane must not end with it.
        let read = || {
            let minor_version = record.metadata.minor_version();
            let event = wire::decode_any(signal, &record.body, minor_version);
            event.map_err(|error| error.to_string())
        };
        let read = catch_unwind(AssertUnwindSafe(read));
        match read.unwrap_or_else(|_| Err("a type of the event panicked when it was read".into())) {
            Ok(event) => job.set_event(signal, event),
            Err(message) => return Plan(Kind::Dead(DeadReason::Undecodable, message.into())),
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
pub(super) fn find(event_type: &str) -> Option<&'static dyn AnySignal> {
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
pub(super) fn choose(job: &Job, signal: &'static dyn AnySignal, shared: &Shared) -> Choice {
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
