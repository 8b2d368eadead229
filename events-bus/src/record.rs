//! An event as it travels: its metadata, its key, its body.

use std::fmt;
use std::sync::Arc;

use events_core::EventMetadata;

use crate::trace::TraceContext;

/// An event on its way: what a sender hands to a [transport](crate::transport), and what a consumer gets back.
///
/// The body is what [`wire::encode`](crate::wire::encode) writes. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Who sent it, when, and as which event.
    pub metadata: EventMetadata,
    /// Events of one key are handled in the order in which they were published. Those without one have no order.
    pub key: Option<Arc<str>>,
    /// The event data: Avro binary.
    pub body: Arc<[u8]>,
    /// The W3C trace context of the sender.
    pub trace: Option<TraceContext>,
    /// Where the record was before: a dead letter that is tried again, an entry that is replayed.
    pub requeued: Option<Arc<Requeued>>,
    /// The ids of the receivers that it is for; all of them where it is empty.
    pub receivers: Vec<Arc<str>>,
    /// Whether the event had come from an event bus before it was put here: so it is with the work of durable receivers.
    pub from_event_bus: bool,
}

/// Where a record that is handled once more comes from. Such a record is not taken for a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requeued {
    /// Why: `retry` of a dead letter, or `replay`.
    pub reason: Box<str>,
    /// The id of the entry or the dead letter.
    pub from: Box<str>,
}

impl Requeued {
    /// For this reason, from this entry or dead letter.
    pub fn new(reason: impl Into<Box<str>>, from: impl Into<Box<str>>) -> Self {
        Self {
            reason: reason.into(),
            from: from.into(),
        }
    }
}

impl Record {
    /// A record without key and trace context, for every receiver.
    pub fn new(metadata: EventMetadata, body: impl Into<Arc<[u8]>>) -> Self {
        Self {
            metadata,
            key: None,
            body: body.into(),
            trace: None,
            requeued: None,
            receivers: Vec::new(),
            from_event_bus: false,
        }
    }

    /// With this key.
    #[must_use]
    pub fn with_key(mut self, key: Option<impl Into<Arc<str>>>) -> Self {
        self.key = key.map(Into::into);
        self
    }

    /// With this trace context.
    #[must_use]
    pub fn with_trace(mut self, trace: Option<TraceContext>) -> Self {
        self.trace = trace;
        self
    }

    /// For these receivers alone, by their ids.
    #[must_use]
    pub fn for_receivers<I: Into<Arc<str>>>(
        mut self,
        receivers: impl IntoIterator<Item = I>,
    ) -> Self {
        self.receivers = receivers.into_iter().map(Into::into).collect();
        self
    }

    /// As one that was handled before.
    #[must_use]
    pub fn as_requeued(mut self, again: Requeued) -> Self {
        self.requeued = Some(Arc::new(again));
        self
    }
}

/// Without the body and the key, which hold payload.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("event_type", &self.metadata.event_type())
            .field("id", &self.metadata.id())
            .field("body_bytes", &self.body.len())
            .field("again", &self.requeued)
            .field("receivers", &self.receivers)
            .finish_non_exhaustive()
    }
}
