//! Subscribers: the receiver through which the bus gets the events that are sent through a signal.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use events_core::{AnyEvent, AnySignal, BoxError, Connection, Delivery};

use super::outbox::{Destination, Outbox};
use super::queue::Sent;
use crate::config::Route;
use crate::trace::TraceContext;
use crate::wire;

/// The id of the receiver that puts events into the outbox.
pub(crate) const ID: &str = "events_bus.producer";

/// A function that asks a program's own tracer for the current context.
pub(crate) type AskTrace = Arc<dyn Fn() -> Option<TraceContext> + Send + Sync>;

/// Subscribes the bus to a signal. It runs before the receivers, so that none of them keeps an event from being published.
pub(crate) fn connect(
    signal: &'static dyn AnySignal,
    routes: Vec<Route>,
    outbox: Arc<Outbox>,
    ask_trace: Option<AskTrace>,
) -> Connection {
    let routes: Vec<_> = routes
        .into_iter()
        .map(|route| {
            let destination = outbox.destination(&route.topic);
            (route, destination)
        })
        .collect();
    signal.connect_any(
        ID,
        i32::MIN,
        move |event: AnyEvent<'_>, delivery: &Delivery<'_>| {
            // An event from a bus is not published to a bus again.
            if delivery.from_event_bus() {
                return Ok(());
            }
            put(&outbox, &routes, event, delivery, ask_trace.as_ref())
        },
    )
}

fn put(
    outbox: &Outbox,
    routes: &[(Route, Destination)],
    event: AnyEvent<'_>,
    delivery: &Delivery<'_>,
    ask_trace: Option<&AskTrace>,
) -> Result<(), BoxError> {
    with_body(event, |body| {
        let trace = ask_trace
            .and_then(|ask| ask())
            .or_else(|| TraceContext::current().map(|trace| trace.child()));
        let key_of = |route: &Route| match &route.key {
            Some(path) => path.of(event).map(Cow::Owned),
            None => event.key(),
        };
        let metadata = delivery.metadata();
        // All sizes are checked before anything is stored.
        for (route, destination) in routes {
            outbox.check_size(destination, metadata, key_of(route).as_deref(), body)?;
        }
        let mut problems = Vec::new();
        for (route, destination) in routes {
            let key = key_of(route);
            let sent = Sent {
                metadata: metadata.clone(),
                key: key.as_deref(),
                body,
                trace: trace.clone(),
            };
            if let Err(error) = outbox.put(destination, sent) {
                problems.push(error.to_string());
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join("; ").into())
        }
    })?
}

/// Returns the body of an event.
///
/// # Errors
/// Returns an error if the event cannot be encoded.
pub(crate) fn body(event: AnyEvent<'_>) -> Result<Arc<[u8]>, wire::EncodeError> {
    with_body(event, |body| Arc::from(body))
}

fn with_body<T>(event: AnyEvent<'_>, run: impl FnOnce(&[u8]) -> T) -> Result<T, wire::EncodeError> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    /// Memory that a thread keeps between sends, in bytes.
    const KEPT: usize = 64 * 1024;

    // Encoding runs foreign `Display` implementations, and those may send.
    let mut buffer = BUFFER.take();
    buffer.clear();
    let result = wire::encode_any_into(&mut buffer, event).map(|()| run(&buffer));
    if buffer.capacity() <= KEPT {
        BUFFER.set(buffer);
    }
    result
}
