//! Durable receivers: their work is an internal topic, which a consumer of this process reads.

use std::sync::Arc;

use events_core::delivery::DurableStore;
use events_core::{AnyEvent, BoxError, Delivery, ReceiverInfo, registry};

use crate::producer::tap;
use crate::record::Record;
use crate::trace::TraceContext;
use crate::transport::SharedTransport;

/// The group that reads the work.
pub(super) const GROUP: &str = "durable";

/// Keeps the work of durable receivers.
#[derive(Debug)]
pub(super) struct DurableWork {
    pub(super) transport: SharedTransport,
    pub(super) topic: String,
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
        let mut record = Record::new(delivery.metadata().clone(), tap::body(event)?)
            .with_key(key)
            .with_trace(trace)
            .for_receivers(receivers.iter().map(|receiver| &*receiver.id));
        record.from_event_bus = delivery.from_event_bus();
        self.transport.publish(&self.topic, &[record], None)?;
        Ok(())
    }
}

/// Whether this binary has durable receivers.
pub(super) fn are_there() -> bool {
    registry::receivers().any(|receiver| receiver.is_durable)
}
