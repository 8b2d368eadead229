//! The loop over the receivers, and the only place that catches their panics.

use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::outcome::Failure;
use super::{Delivery, Details, InfoList, ReceiverError};
use crate::event::Event;
use crate::signal::{Call, ReceiverList};

/// Runs every receiver. Failures are noted, and logged once; the rest still run.
#[inline]
pub(crate) fn robust<E: Event>(
    event: &E,
    list: &ReceiverList<E>,
    delivery: &Delivery<'_>,
) -> Option<Box<Details>> {
    let mut details = None;
    let mut rest: &[Call<E>] = list.calls();
    // One catch around the whole run is cheaper than one around each receiver; after a panic the run goes on behind
    // the receiver that panicked. Nothing of ours is left half done by a panic: the cursor says how far we came.
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| {
        run(event, list, rest, delivery, &mut details)
    })) {
        let index = delivery.cursor.get();
        let message = panic_message(payload);
        note(&mut details, list, index, Failure::Panic(message), delivery);
        rest = list.calls().get(index + 1..).unwrap_or_default();
    }
    #[cfg(feature = "tokio")]
    Details::take_tasks(&mut details, delivery);
    details
}

#[inline]
fn run<E: Event>(
    event: &E,
    list: &ReceiverList<E>,
    rest: &[Call<E>],
    delivery: &Delivery<'_>,
    details: &mut Option<Box<Details>>,
) {
    let start = list.calls().len() - rest.len();
    for (offset, call) in rest.iter().enumerate() {
        delivery.cursor.set(start + offset);
        if let Err(error) = call.invoke(event, delivery) {
            note(
                details,
                list,
                start + offset,
                Failure::Error(error),
                delivery,
            );
        }
    }
}

/// Runs the receivers up to the first that fails.
pub(crate) fn strict<E: Event>(
    event: &E,
    list: &ReceiverList<E>,
    delivery: &Delivery<'_>,
) -> Result<Option<Box<Details>>, ReceiverError> {
    let mut details = None;
    for (index, call) in list.calls().iter().enumerate() {
        delivery.cursor.set(index);
        let failure = match catch_unwind(AssertUnwindSafe(|| call.invoke(event, delivery))) {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => Failure::Error(error),
            Err(payload) => Failure::Panic(panic_message(payload)),
        };
        return Err(ReceiverError::new(
            list.get(index).clone(),
            E::INFO.event_type,
            failure,
        ));
    }
    #[cfg(feature = "tokio")]
    Details::take_tasks(&mut details, delivery);
    #[cfg(not(feature = "tokio"))]
    let _: &mut Option<Box<Details>> = &mut details;
    Ok(details)
}

#[cold]
fn note<E: Event>(
    details: &mut Option<Box<Details>>,
    list: &ReceiverList<E>,
    index: usize,
    failure: Failure,
    delivery: &Delivery<'_>,
) {
    log(&list.get(index).id, delivery.info().event_type, &failure);
    details.get_or_insert_default().fail(index, failure);
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
    // Dropping the payload runs foreign code, which may panic again, with a payload that may panic again. The second
    // payload is leaked: nothing safe can be done with it.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        #[expect(
            clippy::mem_forget,
            reason = "the payload's own `Drop` panicked; running it once more may panic for ever"
        )]
        std::mem::forget(again);
    }
    message
}
