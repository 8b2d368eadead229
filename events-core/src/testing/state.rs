//! What a scope holds of one signal.

use std::sync::Arc;

use super::capture::Sent;
use crate::event::Event;
use crate::signal::{ConnectionId, Entry, ReceiverList, Signal, merge};

/// One signal inside one scope.
pub(crate) struct ScopedSignal<E: Event> {
    signal: &'static Signal<E>,
    connected: Vec<(ConnectionId, Entry<E>)>,
    /// Shared, so that they can be handed out under the scope's lock and cloned without it: a clone is foreign code.
    pub(super) sent: Vec<Arc<Sent<E>>>,
}

impl<E: Event> ScopedSignal<E> {
    pub(super) fn new(signal: &'static Signal<E>) -> Self {
        Self {
            signal,
            connected: Vec::new(),
            sent: Vec::new(),
        }
    }

    pub(crate) fn connect(&mut self, id: ConnectionId, entry: Entry<E>) {
        self.connected.push((id, entry));
    }

    /// Gives back what was disconnected, to be dropped without the scope's lock.
    pub(crate) fn disconnect(&mut self, id: ConnectionId) -> Option<Entry<E>> {
        let index = self.connected.iter().position(|(other, _)| *other == id)?;
        Some(self.connected.remove(index).1)
    }

    pub(super) fn list(&self, receivers: bool) -> ReceiverList<E> {
        let linked = receivers
            .then(|| self.signal.linked_entries())
            .into_iter()
            .flatten();
        merge(
            linked,
            self.connected.iter().map(|(_, entry)| entry.clone()),
        )
    }
}
