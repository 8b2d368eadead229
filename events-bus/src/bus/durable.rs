//! Durable receivers: their work waits in an internal topic, which a consumer of this process reads.

use std::sync::Arc;

use events_core::delivery::DurableStore;
use events_core::{AnyEvent, BoxError, Delivery, EventMetadata, ReceiverInfo, registry};

use crate::producer::{size, subscriber};
use crate::record::Record;
use crate::trace::TraceContext;
use crate::transport::{SharedTransport, names};

/// The group that reads the work.
pub(super) const GROUP: &str = "durable";

/// The store of the work of durable receivers.
#[derive(Debug)]
pub(super) struct DurableWork {
    pub(super) transport: SharedTransport,
    pub(super) topic: String,
    /// Maximum size of an event in bytes.
    pub(super) max_event_bytes: usize,
}

impl DurableStore for DurableWork {
    fn store(
        &self,
        event: AnyEvent<'_>,
        delivery: &Delivery<'_>,
        receivers: &[&ReceiverInfo],
    ) -> Result<(), BoxError> {
        let key = event.key().map(|key| Arc::<str>::from(&*key));
        let trace = TraceContext::current().map(|trace| trace.child());
        let mut record = Record::new(delivery.metadata().clone(), subscriber::body(event)?)
            .with_key(key)
            .with_trace(trace)
            .for_receivers(receivers.iter().map(|receiver| &*receiver.id));
        record.from_event_bus = delivery.from_event_bus();
        size::check(
            record.metadata.event_type(),
            record.size(),
            self.max_event_bytes,
        )?;
        self.transport.publish(&self.topic, &[record])?;
        Ok(())
    }
}

/// Returns `true` if this binary has durable receivers.
pub(super) fn exist() -> bool {
    registry::receivers().any(|receiver| receiver.is_durable)
}

/// Returns the topic with the work of this service's durable receivers.
pub(super) fn topic() -> String {
    names::durable(&service())
}

/// Returns the name of this service, for the names of internal topics.
pub(super) fn service() -> String {
    let metadata = EventMetadata::new("");
    let chars = metadata.source().chars();
    chars
        .map(|char| if char.is_alphanumeric() { char } else { '-' })
        .collect()
}
