//! An event as it travels: its metadata, its key, its body.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use events_core::EventMetadata;

use crate::producer::size::{self, EventTooLarge};
use crate::trace::TraceContext;

/// An event on its way: what a sender hands to a [transport](crate::transport), and what a consumer gets back.
///
/// The body is what [`wire::encode`](crate::wire::encode) writes. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Sender, time and event type.
    pub metadata: EventMetadata,
    /// Events of one key are handled in the order in which they were published. Those without one have no order.
    pub key: Option<Arc<str>>,
    /// The event data: Avro binary.
    pub body: Arc<[u8]>,
    /// The W3C trace context of the sender.
    pub trace: Option<TraceContext>,
    /// Origin of a requeued record: a dead letter that is retried, an entry that is replayed.
    pub requeued: Option<Arc<Requeued>>,
    /// The ids of the receivers that it is for; all of them where it is empty.
    pub receivers: Vec<Arc<str>>,
    /// `true` if the event had come from an event bus before: durable receivers see it.
    pub from_event_bus: bool,
}

/// Origin of a requeued record. Such a record is not a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requeued {
    /// Reason: `retry` of a dead letter, or `replay`.
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

/// Maximum size of an event in bytes, for sends that belong to no bus.
static MAX_EVENT_BYTES: AtomicUsize = AtomicUsize::new(16 << 20);

/// Sets the maximum size of events of this process in bytes: the setting of the bus that was started last.
pub(crate) fn set_max_event_bytes(limit: usize) {
    MAX_EVENT_BYTES.store(limit, Ordering::Relaxed);
}

/// Checks the size of an event in bytes against the limit of this process.
///
/// # Errors
/// Returns an error if it is above the limit.
pub(crate) fn check_size(event_type: &str, bytes: usize) -> Result<(), EventTooLarge> {
    size::check(event_type, bytes, MAX_EVENT_BYTES.load(Ordering::Relaxed))
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

    /// Returns the size that counts towards limits in bytes: body, key, event type and receivers.
    pub fn size(&self) -> usize {
        let receivers = self.receivers.iter().map(|receiver| receiver.len());
        self.body.len()
            + self.key.as_deref().map_or(0, str::len)
            + self.metadata.event_type().len()
            + receivers.sum::<usize>()
    }

    /// Returns the record as one that was requeued, which is not taken for a duplicate.
    #[must_use]
    pub fn with_requeued(mut self, again: Requeued) -> Self {
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
