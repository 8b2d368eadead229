//! Taps: the receiver by which the bus gets what is sent through a signal.

use std::cell::RefCell;
use std::sync::Arc;

use events_core::{AnyEvent, AnySignal, BoxError, Connection, Delivery};

use super::outbox::Outbox;
use crate::config::Route;
use crate::record::Record;
use crate::trace::TraceContext;
use crate::wire;

/// The id of the receiver that puts events into the outbox.
pub(crate) const ID: &str = "events_bus.producer";

/// What asks a program's own tracer for the current context.
pub(crate) type AskTrace = Arc<dyn Fn() -> Option<TraceContext> + Send + Sync>;

/// Connects a tap to a signal. It runs before the receivers: what happens in them does not keep an event from being published.
pub(crate) fn connect(
    signal: &'static dyn AnySignal,
    routes: Vec<Route>,
    outbox: Arc<Outbox>,
    ask_trace: Option<AskTrace>,
) -> Connection {
    signal.connect_any(
        ID,
        i32::MIN,
        move |event: AnyEvent<'_>, delivery: &Delivery<'_>| {
            // What came from a bus is not published to one again.
            if delivery.from_event_bus() {
                return Ok(());
            }
            put(&outbox, &routes, event, delivery, ask_trace.as_ref())
        },
    )
}

fn put(
    outbox: &Outbox,
    routes: &[Route],
    event: AnyEvent<'_>,
    delivery: &Delivery<'_>,
    ask_trace: Option<&AskTrace>,
) -> Result<(), BoxError> {
    let record = record(event, delivery, ask_trace)?;
    let mut problems = Vec::new();
    for route in routes {
        let key = match &route.key {
            Some(path) => path.of(event).map(Arc::<str>::from),
            None => event.key().map(|key| Arc::<str>::from(&*key)),
        };
        let record = record.clone().with_key(key);
        if let Err(error) = outbox.put(&route.topic, std::slice::from_ref(&record)) {
            problems.push(error.to_string());
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("; ").into())
    }
}

/// The record of an event that is being sent.
fn record(
    event: AnyEvent<'_>,
    delivery: &Delivery<'_>,
    ask_trace: Option<&AskTrace>,
) -> Result<Record, BoxError> {
    let trace = ask_trace
        .and_then(|ask| ask())
        .or_else(|| TraceContext::current().map(|trace| trace.child()));
    Ok(Record::new(delivery.metadata().clone(), body(event)?).with_trace(trace))
}

/// The body of an event.
pub(crate) fn body(event: AnyEvent<'_>) -> Result<Arc<[u8]>, wire::EncodeError> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    /// What a thread keeps between sends.
    const KEPT: usize = 64 * 1024;

    // Encoding runs foreign `Display` implementations, and those may send.
    let mut buffer = BUFFER.take();
    buffer.clear();
    let result = wire::encode_any_into(&mut buffer, event).map(|()| Arc::from(&*buffer));
    if buffer.capacity() <= KEPT {
        BUFFER.set(buffer);
    }
    result
}
