//! Rows of outboxes: events as the caller's database keeps them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use events_core::delivery::OwnedEvent;
use events_core::{BoxError, Event, EventMetadata, Signal, Uuid, registry};

use super::SendInError;
use crate::trace::TraceContext;
use crate::wire;

/// An event as the outbox of the caller's database keeps it. Its fields are the columns.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRow {
    /// The id of the event: text in the database.
    pub event_id: Uuid,
    /// The event type.
    pub event_type: String,
    /// The metadata as JSON, as the reference has it.
    pub metadata: String,
    /// The trace context of the sender: the header `traceparent`, and behind a space `tracestate` where there is one.
    pub trace: Option<String>,
    /// The event data: Avro binary.
    pub body: Vec<u8>,
}

impl OutboxRow {
    /// The row of an event that is sent now: for clients that insert it themselves, in place of [`send_in`](super::send_in). It is for
    /// them, too, to insert nothing where the signal [is disabled](Signal::is_enabled).
    ///
    /// # Errors
    /// When the event cannot be encoded.
    pub fn of<E: Event>(signal: &'static Signal<E>, event: E) -> Result<Self, SendInError> {
        of(signal, event).map(|(row, _)| row)
    }

    /// The row that has these columns: for implementations of [`OutboxSource`](super::OutboxSource).
    pub const fn from_columns(
        event_id: Uuid,
        event_type: String,
        metadata: String,
        trace: Option<String>,
        body: Vec<u8>,
    ) -> Self {
        Self {
            event_id,
            event_type,
            metadata,
            trace,
            body,
        }
    }

    /// The trace context of the sender.
    pub(super) fn trace_context(&self) -> Option<TraceContext> {
        let trace = self.trace.as_deref()?;
        let (parent, state) = match trace.split_once(' ') {
            Some((parent, state)) => (parent, Some(state)),
            None => (trace, None),
        };
        TraceContext::parse(parent, state)
    }

    /// The event of the row, or what is wrong with it.
    pub(super) fn decode(&self) -> Result<(OwnedEvent, EventMetadata), String> {
        let signal = registry::find(&self.event_type).ok_or_else(|| {
            format!(
                "no event of this program has the type `{}`: link the catalog that declares it into the program that relays",
                self.event_type
            )
        })?;
        // The text of a serde error may repeat a value.
        let metadata: EventMetadata = serde_json::from_str(&self.metadata).map_err(|error| {
            format!("the metadata cannot be read, at column {}", error.column())
        })?;
        // Types of the catalog read themselves, and that is foreign code.
        let read = || wire::decode_any(signal, &self.body, metadata.minor_version());
        let event = catch_unwind(AssertUnwindSafe(read))
            .map_err(|_| "a type of the event panicked while it was read".to_owned())?
            .map_err(|error| error.to_string())?;
        Ok((event, metadata))
    }
}

/// The row of an event that is sent now, and its metadata.
pub(super) fn of<E: Event>(
    signal: &'static Signal<E>,
    event: E,
) -> Result<(OutboxRow, EventMetadata), SendInError> {
    let info = signal.event();
    let fail = |cause: BoxError| SendInError {
        event_type: info.event_type,
        cause,
    };
    let metadata =
        EventMetadata::new(info.event_type).with_minor_version(i64::from(info.minor_version));
    let body = wire::encode(&event).map_err(|error| fail(error.into()))?;
    // It is consumed, as by any send.
    drop(event);
    let trace = TraceContext::current().map(|trace| {
        let parent = trace.child().to_string();
        match trace.state() {
            Some(state) => format!("{parent} {state}"),
            None => parent,
        }
    });
    let row = OutboxRow {
        event_id: metadata.id(),
        event_type: info.event_type.to_owned(),
        metadata: serde_json::to_string(&metadata).map_err(|error| fail(error.into()))?,
        trace,
        body,
    };
    Ok((row, metadata))
}

/// Without the body.
impl fmt::Debug for OutboxRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxRow")
            .field("event_id", &self.event_id)
            .field("event_type", &self.event_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
