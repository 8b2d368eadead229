//! The loop over the receivers, and the only place that catches their panics.

use core::any::Any;
use core::borrow::Borrow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::outcome::Failure;
use super::{BoxError, Delivery, ReceiverError};
use crate::delivery::Watch;
use crate::event::{AnyEvent, Event};
use crate::receiver::ReceiverInfo;
use crate::signal::{Call, Calls, Entry};

/// Runs every receiver. Failures are noted in the delivery, and logged once; the rest still run.
#[inline]
pub(crate) fn robust<E: Event>(event: &E, calls: &Calls<E>, delivery: &Delivery<'_>) {
    match calls {
        Calls::Functions(functions) => {
            each(functions, delivery, |function| function(event, delivery));
        }
        Calls::Mixed(calls) => {
            each(calls, delivery, |call| call.invoke(event, delivery));
        }
    }
}

/// How receivers are run where the type of the event is not known.
#[derive(Clone, Copy)]
pub(crate) struct How<'a> {
    pub(crate) runs_durable: bool,
    pub(crate) watch: Option<&'a dyn Watch>,
}

/// Does the same where the type of the event is not known: compiled once, for all events.
pub(crate) fn robust_any(
    event: AnyEvent<'_>,
    entries: &[impl Borrow<Entry>],
    delivery: &Delivery<'_>,
    how: How<'_>,
) {
    each(entries, delivery, |entry| {
        let entry = entry.borrow();
        if how.watch.is_some_and(|watch| !watch.may_run(&entry.info)) {
            return Ok(());
        }
        let result = if entry.info.is_durable && !how.runs_durable {
            delivery.store(event)
        } else {
            event.invoke(&entry.call, delivery)
        };
        if let Some(watch) = how.watch {
            match &result {
                Ok(()) => watch.came_back(&entry.info),
                Err(error) => watch.failed(&entry.info, &**error),
            }
        }
        result
    });
}

/// One loop for every kind of list.
#[inline]
fn each<C>(calls: &[C], delivery: &Delivery<'_>, call: impl Fn(&C) -> Result<(), BoxError>) {
    let mut rest = calls;
    // One catch around the whole run is cheaper than one around each receiver; after a panic the run goes on behind
    // the receiver that panicked. Nothing of ours is left half done by a panic: the cursor says how far we came.
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| {
        for receiver in rest {
            if let Err(error) = call(receiver) {
                note(Failure::Error(error), delivery);
            }
            delivery.advance();
        }
    })) {
        panicked(payload, delivery);
        rest = calls.get(delivery.cursor.get()..).unwrap_or_default();
    }
}

/// Runs the receivers up to the first that fails. Only when none did, the work of durable receivers is stored, once for
/// all of them: it could not be taken back.
pub(crate) fn strict<E: Event>(
    event: &E,
    calls: &Calls<E>,
    delivery: &Delivery<'_>,
) -> Result<(), ReceiverError> {
    match calls {
        Calls::Functions(functions) => each_strict(functions, delivery, |function| {
            Some(function(event, delivery))
        }),
        Calls::Mixed(calls) => {
            each_strict(calls, delivery, |call| {
                (!call.stores()).then(|| call.invoke(event, delivery))
            })?;
            let Some(index) = calls.iter().position(Call::stores) else {
                return Ok(());
            };
            delivery.cursor.set(index);
            let stored = delivery.store(AnyEvent::new(event));
            stored.map_err(|error| failed(Failure::Error(error), delivery))
        }
    }
}

/// Calls each, up to the first that fails, passing those that are not called yet.
#[inline]
fn each_strict<C>(
    calls: &[C],
    delivery: &Delivery<'_>,
    call: impl Fn(&C) -> Option<Result<(), BoxError>>,
) -> Result<(), ReceiverError> {
    for receiver in calls {
        let failure = match catch_unwind(AssertUnwindSafe(|| call(receiver))) {
            Ok(None | Some(Ok(()))) => {
                delivery.advance();
                continue;
            }
            Ok(Some(Err(error))) => Failure::Error(error),
            Err(payload) => Failure::Panic(panic_message(payload)),
        };
        return Err(failed(failure, delivery));
    }
    Ok(())
}

/// The failure of the receiver at the cursor.
#[cold]
fn failed(failure: Failure, delivery: &Delivery<'_>) -> ReceiverError {
    let table = delivery.table();
    let receiver = &table.infos[delivery.cursor.get()];
    ReceiverError::new(ReceiverInfo::clone(receiver), table.event_type, failure)
}

/// Notes a panic of the receiver at the cursor, and passes it.
#[cold]
#[inline(never)]
fn panicked(payload: Box<dyn Any + Send>, delivery: &Delivery<'_>) {
    note(Failure::Panic(panic_message(payload)), delivery);
    delivery.advance();
}

/// Notes a failure of the receiver at the cursor.
#[cold]
#[inline(never)]
fn note(failure: Failure, delivery: &Delivery<'_>) {
    let table = delivery.table();
    let receiver = &table.infos[delivery.cursor.get()];
    log(&receiver.id, table.event_type, &failure);
    delivery.fail(failure);
}

/// One line per failure. The text of the error is the receiver's own; we add no payload to it.
#[cold]
pub(crate) fn log(receiver: &str, event_type: &str, failure: &Failure) {
    // The `Display` of a foreign error, or a foreign log subscriber, may panic, too.
    let logged = catch_unwind(AssertUnwindSafe(|| {
        tracing::error!(target: "events_core::dispatch", receiver, event_type, error = %failure, "receiver failed");
    }));
    if let Err(payload) = logged {
        panic_message(payload);
    }
}

/// Runs foreign code; its panic becomes a failure.
pub(crate) fn contain<T>(foreign: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(foreign))
        .map_err(|payload| Failure::Panic(panic_message(payload)))
}

/// What a panic said, where it said it in words.
#[cold]
pub(crate) fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let message = match (
        payload.downcast_ref::<&'static str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => String::from("(a payload that is not text)"),
    };
    discard(payload);
    message
}

/// Drops a value of the receiver's. That runs foreign code, which may panic, with a payload that may panic again.
#[cold]
pub(crate) fn discard<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // The second payload is leaked: nothing safe can be done with it.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            #[expect(
                clippy::mem_forget,
                reason = "the payload's own `Drop` panicked; running it once more may panic for ever"
            )]
            std::mem::forget(again);
        }
    }
}
