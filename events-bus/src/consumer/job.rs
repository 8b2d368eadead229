//! An entry on its way through a consumer.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use events_core::delivery::OwnedEvent;
use events_core::{AnySignal, Uuid};

use super::source::Source;
use crate::record::Record;
use crate::transport::{Entry, EntryId, Malformed};

/// An entry that a consumer was handed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) source: Arc<Source>,
    /// The reign in which it was handed out: what comes of it means nothing in a later one.
    pub(super) reign: u64,
    pub(super) entry: Entry,
    /// What it was decoded to, by the first who needs it.
    decoded: OnceLock<(&'static dyn AnySignal, OwnedEvent)>,
}

impl Job {
    pub(super) fn new(source: Arc<Source>, reign: u64, entry: Entry) -> Self {
        Self {
            source,
            reign,
            entry,
            decoded: OnceLock::new(),
        }
    }

    pub(super) fn entry_id(&self) -> EntryId {
        self.entry.id
    }

    pub(super) fn record(&self) -> Result<&Record, &Malformed> {
        self.entry.record.as_ref()
    }

    pub(super) fn event_id(&self) -> Option<Uuid> {
        self.record().ok().map(|record| record.metadata.id())
    }

    pub(super) fn key(&self) -> Option<&Arc<str>> {
        self.record().ok().and_then(|record| record.key.as_ref())
    }

    /// The event and its signal, once [`set_event`](Self::set_event) was called.
    pub(super) fn event(&self) -> Option<(&'static dyn AnySignal, &OwnedEvent)> {
        self.decoded.get().map(|(signal, event)| (*signal, event))
    }

    pub(super) fn set_event(&self, signal: &'static dyn AnySignal, event: OwnedEvent) {
        // Of two that decode, both have the same.
        let _ = self.decoded.set((signal, event));
    }

    /// Whether what comes of it still counts.
    pub(super) fn is_current(&self, now: Instant) -> bool {
        self.source.reigns_at(self.reign, now)
    }
}
