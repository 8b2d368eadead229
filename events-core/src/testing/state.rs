//! What a scope holds of one signal.

use core::any::Any;
use std::sync::Arc;

use crate::signal::{ConnectionId, Entry, ReceiverList, SignalCore};

/// One signal inside one scope.
#[derive(Default)]
pub(super) struct ScopedSignal {
    pub(super) connected: Vec<(ConnectionId, Entry)>,
    /// A `Sent` of the signal's event each. Shared, so that they can be handed out under the scope's lock and cloned
    /// without it: a clone is foreign code.
    pub(super) sent: Vec<Arc<dyn Any + Send + Sync>>,
}

impl ScopedSignal {
    /// The receivers of a send. A test is to see what durable ones do, so they run, and nothing is stored.
    pub(super) fn list(&self, signal: &'static SignalCore, receivers: bool) -> ReceiverList {
        let linked = if receivers {
            signal.linked().entries()
        } else {
            &[]
        };
        let connected = self.connected.iter().map(|(_, entry)| entry.clone());
        ReceiverList::merged(linked, connected, signal.event.event_type).running_durable()
    }
}
