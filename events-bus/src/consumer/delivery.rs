//! Delivery: the state of the receivers of one entry.
//!
//! A delivery is made from an entry, changed by the responses of its receivers, and read as a settlement and as a report. Nothing
//! else knows how the receivers stand with an entry.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::{AnySignal, EventInfo, Outcome, ReceiverInfo, Responses, Timestamp};

use super::decode::{Job, Unreadable};
use super::policy::{Failure, Verdict, verdict};
use crate::config::RetryPolicy;
use crate::transport::{DeadLetter, DeadReason, RetryState, Settlement};

/// State of the receivers of one entry. Slots exist only where not all receivers run and succeed.
#[derive(Debug, Clone)]
pub(super) enum Delivery {
    /// Every receiver of the signal runs.
    All,
    /// Every receiver has handled the event.
    Done(Arc<[Arc<str>]>),
    /// The entry is a dead letter, for whatever receiver.
    Unreadable(DeadReason, Box<str>),
    /// Slots, one for each receiver.
    Slots(Vec<Slot>),
}

/// State of one receiver.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) receiver: Arc<str>,
    /// Number of attempts so far.
    pub(super) attempts: u32,
    pub(super) state: State,
}

#[derive(Debug, Clone)]
pub(super) enum State {
    /// The receiver runs.
    Pending,
    /// The receiver waits for an earlier event of its key, or runs later by itself.
    Blocked,
    /// The receiver failed and is retried after the delay.
    Retry { error: Box<str>, delay: Duration },
    /// The receiver has handled the event.
    Handled,
    /// The receiver has handled the event in another entry, or is not connected any more.
    Skipped,
    /// The receiver gave up.
    Dead { reason: DeadReason, error: Box<str> },
}

impl Slot {
    const fn new(receiver: Arc<str>, attempts: u32, state: State) -> Self {
        Self {
            receiver,
            attempts,
            state,
        }
    }

    const fn is_pending(&self) -> bool {
        matches!(self.state, State::Pending)
    }

    fn fail(&mut self, failure: Failure, policy: &RetryPolicy) {
        self.attempts += 1;
        let reason = match verdict(policy, self.attempts, &failure) {
            Verdict::Retry(delay) => {
                let error = failure.error;
                self.state = State::Retry { error, delay };
                return;
            }
            Verdict::Exhausted => DeadReason::Exhausted,
            Verdict::Permanent => DeadReason::Permanent,
        };
        let error = failure.error;
        self.state = State::Dead { reason, error };
    }

    /// Returns the state in which the retry queue keeps the receiver.
    fn parked(&self, job: &Job, now: Timestamp) -> Option<RetryState> {
        let (error, delay) = match &self.state {
            State::Retry { error, delay } => (error.clone(), *delay),
            State::Blocked => {
                let earlier = job.entry.retry.as_ref();
                let error = earlier.map_or_else(Box::default, |retry| retry.error.clone());
                (error, Duration::ZERO)
            }
            _ => return None,
        };
        let micros = i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
        let due = now.as_micros().saturating_add(micros);
        let place = job.place(&self.receiver);
        Some(RetryState {
            receiver: place.id.1,
            key: place.key,
            attempts: self.attempts,
            error,
            due: Timestamp::from_micros(due).unwrap_or(Timestamp::MAX),
            delay,
        })
    }
}

impl Delivery {
    /// Makes the delivery of a job: decodes the event and finds the receivers that are to run.
    pub(super) fn new(job: &Job) -> Self {
        let signal = match job.decode() {
            Ok(signal) => signal,
            Err(Unreadable::Skipped) => return Self::Done(Arc::default()),
            Err(Unreadable::Dead(reason, error)) => return Self::unreadable(job, reason, error),
        };
        let handled = Self::handled_elsewhere(job);
        let mut delivery = Self::of_receivers(job, signal, &handled);
        delivery.block(job, signal);
        delivery
    }

    fn unreadable(job: &Job, reason: DeadReason, error: Box<str>) -> Self {
        let Some(retry) = &job.entry.retry else {
            return Self::Unreadable(reason, error);
        };
        // The letter is that of the receiver, so that nobody else gets the event again.
        let state = State::Dead { reason, error };
        let receiver = Arc::clone(&retry.receiver);
        Self::Slots(vec![Slot::new(receiver, retry.attempts, state)])
    }

    /// Returns the receivers that handled the event in other entries.
    fn handled_elsewhere(job: &Job) -> Vec<Arc<str>> {
        let mut handled = job.entry.handled_by.clone();
        let is_requeued = |job: &Job| job.record().is_ok_and(|record| record.requeued.is_some());
        if job.is_copy
            && !is_requeued(job)
            && let Some(id) = job.event_id()
        {
            handled.extend(job.term.handled_in_copies(id));
        }
        handled
    }

    fn of_receivers(job: &Job, signal: &'static dyn AnySignal, handled: &[Arc<str>]) -> Self {
        let Ok(record) = job.record() else {
            return Self::All;
        };
        if let Some(retry) = &job.entry.retry {
            let receivers = signal.receivers();
            let info = receivers
                .iter()
                .find(|info| info.is_called(&retry.receiver));
            let state = match info {
                None => unknown(&retry.receiver),
                Some(info) if handled.iter().any(|by| info.is_called(by)) => State::Skipped,
                Some(_) => State::Pending,
            };
            let receiver = Arc::clone(&retry.receiver);
            return Self::Slots(vec![Slot::new(receiver, retry.attempts, state)]);
        }
        if record.receivers.is_empty() && handled.is_empty() {
            return Self::All;
        }
        let receivers = signal.receivers();
        let is_named = |info: &&ReceiverInfo| {
            record.receivers.is_empty() || record.receivers.iter().any(|id| info.is_called(id))
        };
        let mut slots: Vec<_> = receivers
            .iter()
            .filter(is_named)
            .map(|info| {
                let state = if handled.iter().any(|by| info.is_called(by)) {
                    State::Skipped
                } else {
                    State::Pending
                };
                Slot::new(Arc::from(&*info.id), 0, state)
            })
            .collect();
        let is_known = |id: &Arc<str>| receivers.iter().any(|info| info.is_called(id));
        let strangers = record.receivers.iter().filter(|id| !is_known(id));
        slots.extend(strangers.map(|id| Slot::new(Arc::clone(id), 0, unknown(id))));
        Self::Slots(slots)
    }

    /// Blocks the receivers that wait with an earlier event of the same key.
    fn block(&mut self, job: &Job, signal: &'static dyn AnySignal) {
        let retries = &job.term.retries;
        let Some(key) = job.key() else { return };
        if let (Some(retry), Self::Slots(slots)) = (&job.entry.retry, &mut *self) {
            // It was claimed with the one before it, which has failed.
            if let [slot] = &mut **slots
                && slot.is_pending()
                && retries.waits(&job.place(&retry.receiver))
            {
                slot.state = State::Blocked;
            }
            return;
        }
        if !retries.blocks_any(key) {
            return;
        }
        let receivers = signal.receivers();
        let mut slots = match std::mem::replace(self, Self::All) {
            Self::All => slots_of(&receivers),
            Self::Slots(slots) => slots,
            other => {
                *self = other;
                return;
            }
        };
        let mut blocks = false;
        for slot in slots.iter_mut().filter(|slot| slot.is_pending()) {
            let mut infos = receivers.iter();
            let waits_as = infos
                .find(|info| info.is_called(&slot.receiver))
                .and_then(|info| retries.blocks(info, key));
            if let Some(receiver) = waits_as {
                slot.receiver = receiver;
                slot.state = State::Blocked;
                blocks = true;
            }
        }
        if blocks || slots.iter().any(|slot| !slot.is_pending()) {
            *self = Self::Slots(slots);
        }
    }

    /// Returns `true` if receivers are to run.
    pub(super) fn is_pending(&self) -> bool {
        match self {
            Self::All => true,
            Self::Slots(slots) => slots.iter().any(Slot::is_pending),
            Self::Done(_) | Self::Unreadable(..) => false,
        }
    }

    /// Returns `true` if receivers have handled the event, and there is nothing else to tell.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Done(receivers) if !receivers.is_empty())
    }

    /// Returns `true` for a retry that waits again without having run: there is nothing to tell.
    pub(super) fn is_postponed(&self, job: &Job) -> bool {
        job.entry.retry.is_some()
            && matches!(self, Self::Slots(slots) if slots.iter().all(|slot| matches!(slot.state, State::Blocked)))
    }

    /// Returns `true` if a receiver is to run.
    pub(super) fn selects(&self, info: &ReceiverInfo) -> bool {
        match self {
            Self::All => true,
            Self::Slots(slots) => slots
                .iter()
                .any(|slot| slot.is_pending() && info.is_called(&slot.receiver)),
            Self::Done(_) | Self::Unreadable(..) => false,
        }
    }

    /// Notes how the receivers ended.
    pub(super) fn apply(
        &mut self,
        signal: &'static dyn AnySignal,
        responses: &Responses,
        policy: &RetryPolicy,
    ) {
        if matches!(self, Self::All) {
            if responses.is_ok() {
                *self = Self::Done(ids(signal, responses));
                return;
            }
            let infos = responses.iter().map(|response| response.receiver());
            *self = Self::Slots(infos.map(pending).collect());
        }
        let Self::Slots(slots) = self else { return };
        for slot in slots.iter_mut().filter(|slot| slot.is_pending()) {
            let mut responses = responses.iter();
            let response = responses.find(|response| response.receiver().is_called(&slot.receiver));
            match response.map(|response| response.outcome()) {
                // It was disconnected, or its signal disabled: it does not want the event.
                None => slot.state = State::Skipped,
                Some(Outcome::Failed(error)) => slot.fail(Failure::error(error), policy),
                Some(Outcome::Panicked(message)) => slot.fail(Failure::panic(message), policy),
                Some(_) => {
                    slot.attempts += 1;
                    slot.state = State::Handled;
                }
            }
        }
    }

    /// Returns the delivery of a job whose decoder, or one of whose receivers, has not come back in time. The receivers get no
    /// further.
    pub(super) fn timed_out(job: &Job, limit: Duration, policy: &RetryPolicy) -> Self {
        let error = format!("did not come back within {limit:?}, which is `receiver_timeout`");
        let mut seen = job.progress.give_up();
        let Some((signal, _)) = job.event() else {
            return Self::unreadable(job, DeadReason::Undecodable, error.into());
        };
        let receivers = signal.receivers();
        let planned = job.plan.get().cloned();
        let mut slots = match planned {
            Some(Self::Slots(slots)) => slots,
            _ => slots_of(&receivers),
        };
        let pending = slots.iter_mut().filter(|slot| slot.is_pending());
        for (index, slot) in pending.enumerate() {
            let mut infos = receivers.iter();
            let info = infos.find(|info| info.is_called(&slot.receiver));
            if index >= seen.begun {
                // It has not begun, and runs by itself.
                slot.state = State::Blocked;
            } else if let Some(failure) = seen.take_failure(index) {
                slot.fail(failure, policy);
            } else if index < seen.returned && info.is_none_or(|info| !info.is_async) {
                slot.attempts += 1;
                slot.state = State::Handled;
            } else {
                // The task of an async receiver may have ended, but its result is with the thread that does not come back.
                slot.fail(Failure::other(&error), policy);
            }
        }
        Self::Slots(slots)
    }

    /// Blocks the lanes of receivers that wait, and frees the place of a retry that is done. Called before another event of the
    /// key is delivered.
    pub(super) fn mark(&self, job: &Job, now: Instant) {
        let Self::Slots(slots) = self else { return };
        let retries = &job.term.retries;
        for slot in slots {
            let place = job.place(&slot.receiver);
            let delay = match &slot.state {
                State::Retry { delay, .. } => *delay,
                State::Blocked => Duration::ZERO,
                State::Handled | State::Skipped | State::Dead { .. } => {
                    if job.entry.retry.is_some() {
                        retries.finished(&place);
                    }
                    continue;
                }
                State::Pending => continue,
            };
            let due = crate::deadline::from(now, delay);
            retries.park(&place, job.entry.size(), due, slot.attempts);
        }
    }

    /// Returns the settlement for the transport.
    pub(super) fn settlement(&self, job: &Job) -> Settlement {
        let (entry, event) = (job.entry_id(), job.event_id());
        match self {
            Self::All => Settlement::new(entry, event, Arc::default()),
            Self::Done(handled) => Settlement::new(entry, event, Arc::clone(handled)),
            Self::Unreadable(reason, error) => {
                let letter = letter(job, *reason, error.clone());
                Settlement::new(entry, event, Arc::default()).with_dead(vec![letter])
            }
            Self::Slots(slots) => Self::of_slots(slots, job),
        }
    }

    fn of_slots(slots: &[Slot], job: &Job) -> Settlement {
        let handled = slots
            .iter()
            .filter(|slot| matches!(slot.state, State::Handled))
            .map(|slot| Arc::clone(&slot.receiver))
            .collect();
        let mut settlement = Settlement::new(job.entry_id(), job.event_id(), handled);
        if let Some(retry) = &job.entry.retry {
            settlement = settlement.of_retry(Arc::clone(&retry.receiver));
        }
        let mut letters = Vec::new();
        for slot in slots {
            if let State::Dead { reason, error } = &slot.state {
                let letter = letter(job, *reason, error.clone());
                letters.push(letter.by_receiver(Arc::clone(&slot.receiver), slot.attempts));
            }
        }
        let settlement = settlement.with_dead(letters);
        let now = Timestamp::now();
        let parked: Vec<_> = slots
            .iter()
            .filter_map(|slot| slot.parked(job, now))
            .collect();
        match job.record() {
            Ok(record) if !parked.is_empty() => settlement.with_parked(record.clone(), parked),
            _ => settlement,
        }
    }
}

fn pending(info: &ReceiverInfo) -> Slot {
    Slot::new(Arc::from(&*info.id), 0, State::Pending)
}

fn slots_of(receivers: &[ReceiverInfo]) -> Vec<Slot> {
    receivers.iter().map(pending).collect()
}

fn unknown(receiver: &str) -> State {
    let error = format!(
        "this binary has no receiver `{receiver}`: if it was renamed, give its new annotation `alias = \"{receiver}\"`"
    );
    State::Dead {
        reason: DeadReason::UnknownReceiver,
        error: error.into(),
    }
}

fn letter(job: &Job, reason: DeadReason, error: Box<str>) -> DeadLetter {
    DeadLetter::new(
        Arc::clone(&job.term.source.group),
        reason,
        error,
        job.entry_id(),
        Timestamp::now(),
        job.entry.record.clone(),
    )
}

/// Returns the ids of the receivers that handled an event, shared by all events of the signal.
fn ids(signal: &'static dyn AnySignal, responses: &Responses) -> Arc<[Arc<str>]> {
    thread_local! {
        static IDS: RefCell<HashMap<*const EventInfo, Arc<[Arc<str>]>>> = RefCell::default();
    }
    IDS.with_borrow_mut(|known| {
        // Hashing the name of the type would cost as much as all the rest.
        let known = known.entry(signal.event()).or_default();
        let is_same = known.len() == responses.len()
            && known
                .iter()
                .zip(responses.iter())
                .all(|(id, response)| **id == *response.receiver().id);
        if !is_same {
            *known = responses
                .iter()
                .map(|response| Arc::from(&*response.receiver().id))
                .collect();
        }
        Arc::clone(known)
    })
}
