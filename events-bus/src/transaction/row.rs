//! Rows of outboxes: events as the caller's database keeps them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use events_core::delivery::OwnedEvent;
use events_core::{AnySignal, BoxError, Event, EventMetadata, Signal, Uuid, registry};

use super::SendInError;
use crate::record::check_size;
use crate::trace::TraceContext;
use crate::wire;

/// An event in the outbox of the caller's database. Its fields are the columns.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRow {
    /// Id of the event; text in the database.
    pub event_id: Uuid,
    /// Event type.
    pub event_type: String,
    /// Metadata as JSON, as the Python services write it.
    pub metadata: String,
    /// Trace context of the sender: the header `traceparent`, then a space and `tracestate` if there is one.
    pub trace: Option<String>,
    /// Event data: Avro binary.
    pub body: Vec<u8>,
}

impl OutboxRow {
    /// Creates the row of an event that is sent now, for clients that insert it themselves in place of
    /// [`send_in`](super::send_in). Insert nothing if the signal [is disabled](Signal::is_enabled).
    ///
    /// # Errors
    /// Returns an error if the event cannot be encoded or is larger than 16 MiB.
    pub fn of<E: Event>(signal: &'static Signal<E>, event: E) -> Result<Self, SendInError> {
        of(signal, event).map(|(row, _)| row)
    }

    /// Creates the row from its columns, for implementations of [`OutboxSource`](super::OutboxSource).
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

    /// Returns the trace context of the sender.
    pub(super) fn trace_context(&self) -> Option<TraceContext> {
        let trace = self.trace.as_deref()?;
        let (parent, state) = match trace.split_once(' ') {
            Some((parent, state)) => (parent, Some(state)),
            None => (trace, None),
        };
        TraceContext::parse(parent, state)
    }

    /// Decodes the event of the row. The error is a reason to quarantine the row.
    pub(super) fn decode(
        &self,
    ) -> Result<(&'static dyn AnySignal, OwnedEvent, EventMetadata), String> {
        check_size(&self.event_type, self.body.len()).map_err(|error| error.to_string())?;
        let signal = registry::find(&self.event_type).ok_or_else(|| {
            format!(
                "no event of this program has the type `{}`: link the catalog that declares it into the program that relays",
                self.event_type
            )
        })?;
        // The text of a serde error may repeat a value.
        let metadata: EventMetadata = serde_json::from_str(&self.metadata)
            .map_err(|error| format!("cannot read the metadata, at column {}", error.column()))?;
        if metadata.event_type() != self.event_type {
            return Err("the metadata and the column `event_type` name different types".to_owned());
        }
        // Types of the catalog read themselves, and that is foreign code.
        let read = || wire::decode_any(signal, &self.body, metadata.minor_version());
        let event = catch_unwind(AssertUnwindSafe(read))
            .map_err(|_| "a type of the event panicked while it was decoded".to_owned())?
            .map_err(|error| error.to_string())?;
        Ok((signal, event, metadata))
    }
}

/// Creates the row of an event that is sent now, and its metadata.
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
    check_size(info.event_type, body.len()).map_err(|error| fail(error.into()))?;
    // The event is consumed, as by any send.
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

/// Leaves out the body.
impl fmt::Debug for OutboxRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxRow")
            .field("event_id", &self.event_id)
            .field("event_type", &self.event_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
