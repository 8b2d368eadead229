//! The incarnation of an outbox, as its store keeps it.
//!
//! Each topic of an outbox has an internal topic with records of its incarnation. Each leader writes one when its term begins, and
//! one for each new incarnation that it takes. The record of the highest epoch counts, and of one epoch the last. So a leader that
//! was paused, lost its lead and wakes up to write one more record changes nothing.

use events_core::{EventMetadata, Uuid};

use super::numbered::new_incarnation;
use crate::record::Record;
use crate::transport::names::INTERNAL;
use crate::transport::{Entry, Epoch, Position, Retention, SharedTransport, TransportError};

/// Number of records that stay. One would do; a few show what happened to a store.
const KEPT: u64 = 16;

/// Number of records that are read at once.
const PAGE: usize = 64;

/// Returns the name of the topic with the incarnations of an outbox.
pub(super) fn topic_of(topic: &str) -> String {
    format!("{INTERNAL}identity:{topic}")
}

/// The identity under which an outbox publishes to one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incarnation {
    /// The identity.
    pub(super) id: Uuid,
    /// The number after which its numbers begin.
    pub(super) base: u64,
}

impl Incarnation {
    /// Reads the incarnation of an outbox, or creates the first one, and writes it down for the epoch of a new leader.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    pub(super) fn begin(
        store: &SharedTransport,
        topic: &str,
        epoch: Epoch,
        settled: u64,
    ) -> Result<Self, TransportError> {
        let incarnation = newest(store, topic)?.unwrap_or_else(|| Self {
            id: new_incarnation(),
            base: settled,
        });
        incarnation.write(store, topic, epoch)?;
        Ok(incarnation)
    }

    /// Writes the incarnation down.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    pub(super) fn write(
        self,
        store: &SharedTransport,
        topic: &str,
        epoch: Epoch,
    ) -> Result<(), TransportError> {
        let metadata = EventMetadata::new("events.outbox.incarnation");
        let text = format!("{} {epoch} {}", self.id, self.base);
        store.publish(topic, &[Record::new(metadata, text.into_bytes())])?;
        let retention = Retention {
            entries: KEPT,
            ..Retention::default()
        };
        while store.trim(topic, retention)?.more {}
        Ok(())
    }
}

/// Returns the incarnation that counts.
fn newest(store: &SharedTransport, topic: &str) -> Result<Option<Incarnation>, TransportError> {
    let mut newest: Option<(u64, Incarnation)> = None;
    let mut position = Position::Oldest;
    loop {
        let entries = store.read(topic, position, PAGE)?;
        for entry in &entries {
            let Some((epoch, incarnation)) = parse(entry) else {
                // A new incarnation is always safe; a publisher that never starts is not.
                tracing::error!(
                    target: "events_bus::producer", topic, entry = %entry.id,
                    "cannot read an identity of the outbox: another program wrote it, or the store is damaged; it is skipped"
                );
                continue;
            };
            if newest.is_none_or(|(counter, _)| counter <= epoch.counter()) {
                newest = Some((epoch.counter(), incarnation));
            }
        }
        match entries.last() {
            Some(last) if entries.len() == PAGE => position = Position::After(last.id),
            _ => return Ok(newest.map(|(_, incarnation)| incarnation)),
        }
    }
}

fn parse(entry: &Entry) -> Option<(Epoch, Incarnation)> {
    let record = entry.record.as_ref().ok()?;
    let text = str::from_utf8(&record.body).ok()?;
    let mut parts = text.split(' ');
    let id = parts.next()?.parse().ok()?;
    let epoch = parts.next()?.parse().ok()?;
    let base = parts.next()?.parse().ok()?;
    parts
        .next()
        .is_none()
        .then_some((epoch, Incarnation { id, base }))
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::transport::memory::MemoryTransport;

    #[test]
    fn a_leader_that_wakes_up_late_does_not_rename_the_outbox() -> Result<(), TransportError> {
        let store: SharedTransport = Arc::new(MemoryTransport::new());
        let begin = |counter, settled| {
            Incarnation::begin(&store, "i", Epoch::new(counter, counter), settled)
        };
        let first = begin(1, 0)?;
        assert_eq!(first.base, 0);
        assert_eq!(begin(2, 9)?, first);
        // The leader of the first term was paused before it wrote this.
        let stray = Incarnation {
            id: new_incarnation(),
            base: 5,
        };
        stray.write(&store, "i", Epoch::new(1, 1))?;
        assert_eq!(begin(3, 9)?, first);
        // The newest of one term counts.
        stray.write(&store, "i", Epoch::new(3, 3))?;
        assert_eq!(begin(4, 9)?, stray);
        Ok(())
    }
}
