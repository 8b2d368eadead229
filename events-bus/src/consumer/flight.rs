//! In-flight accounting of one term: entries that were handed out and are not settled, their bytes, and copies of one event.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use events_core::Uuid;

use crate::ascending::Ascending;
use crate::transport::{Entry, EntryId, RetryId, Settlement};

/// Entries and retries in flight.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// Entries of the topic and the redelivery queue, with their sizes.
    entries: Ascending<EntryId, usize>,
    /// Deliveries of the retry queue, with their sizes.
    retries: HashMap<RetryId, usize>,
    bytes: usize,
    events: HashMap<u128, Copies, ById>,
}

/// Deliveries in flight that carry one event.
#[derive(Debug, Default)]
struct Copies {
    count: usize,
    /// Receivers that handled the event in a copy that was settled while others were in flight.
    handled: Vec<Arc<str>>,
}

impl Flight {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.retries.len()
    }

    pub(super) fn has_retries(&self) -> bool {
        !self.retries.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the entries in flight, without retries, in order.
    pub(super) fn entries(&self) -> Vec<EntryId> {
        self.entries.keys().collect()
    }

    /// Returns the entries of everything in flight.
    pub(super) fn touched(&self) -> Vec<EntryId> {
        let retries = self.retries.keys().map(|(entry, _)| *entry);
        self.entries.keys().chain(retries).collect()
    }

    /// Adds an entry. Returns `true` if a copy of its event is in flight already.
    pub(super) fn take(&mut self, entry: &Entry) -> bool {
        let size = entry.size();
        let old = match &entry.retry {
            Some(retry) => self
                .retries
                .insert((entry.id, Arc::clone(&retry.receiver)), size),
            None => self.entries.insert(entry.id, size),
        };
        self.bytes = self.bytes + size - old.unwrap_or_default();
        let Ok(record) = &entry.record else {
            return false;
        };
        let copies = self.events.entry(record.metadata.id().as_u128());
        let copies = copies.or_default();
        copies.count += 1;
        copies.count > 1
    }

    /// Removes settled entries.
    pub(super) fn settle(&mut self, settlement: &Settlement) {
        let size = match &settlement.receiver {
            Some(receiver) => self
                .retries
                .remove(&(settlement.entry, Arc::clone(receiver))),
            None => self.entries.remove(settlement.entry),
        };
        self.bytes -= size.unwrap_or_default();
        let Some(id) = settlement.event_id.map(|id| id.as_u128()) else {
            return;
        };
        if let MapEntry::Occupied(mut copies) = self.events.entry(id) {
            if copies.get().count <= 1 {
                copies.remove();
            } else {
                let copies = copies.get_mut();
                copies.count -= 1;
                copies.handled.extend(settlement.handled_by.iter().cloned());
            }
        }
    }

    /// Returns the receivers that handled an event in a copy that was settled while others were in flight.
    pub(super) fn handled(&self, event: Uuid) -> &[Arc<str>] {
        let copies = self.events.get(&event.as_u128());
        copies.map_or(&[], |copies| &copies.handled)
    }
}

/// Hashes event ids, which are random already, with a secret factor.
#[derive(Debug, Clone)]
struct ById(u64);

impl Default for ById {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8) | 1)
    }
}

impl BuildHasher for ById {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher {
            factor: self.0,
            hash: 0,
        }
    }
}

struct IdHasher {
    factor: u64,
    hash: u64,
}

impl Hasher for IdHasher {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of a number"
    )]
    fn write_u128(&mut self, id: u128) {
        let mixed = (id >> 64) as u64 ^ (id as u64).wrapping_mul(self.factor);
        let product = u128::from(mixed) * u128::from(self.factor);
        self.hash = (product >> 64) as u64 ^ product as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u128(u128::from(self.hash) << 8 | u128::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::transport::RetryState;
    use events_core::{EventMetadata, Timestamp};
    use std::time::Duration;

    fn entry(number: u64, record: &Record) -> Entry {
        Entry::new(
            EntryId::new(number, 0),
            Timestamp::now(),
            Ok(record.clone()),
        )
    }

    fn settlement(number: u64, record: &Record, by: &[&str]) -> Settlement {
        let by = by.iter().map(|id| Arc::from(*id)).collect();
        Settlement::new(EntryId::new(number, 0), Some(record.metadata.id()), by)
    }

    #[test]
    fn entries_bytes_and_copies_are_counted() {
        let record = Record::new(EventMetadata::new("a.b.c.d.v1"), vec![0; 100]);
        let mut flight = Flight::default();
        assert!(!flight.take(&entry(1, &record)));
        assert!(flight.take(&entry(2, &record)));
        let retry = RetryState {
            receiver: "r".into(),
            key: None,
            attempts: 1,
            error: "".into(),
            due: Timestamp::now(),
            delay: Duration::ZERO,
        };
        assert!(flight.take(&entry(2, &record).retried(retry)));
        // Handed out twice: it counts once.
        assert!(flight.take(&entry(1, &record)));
        assert_eq!((flight.len(), flight.bytes()), (3, 3 * record.size()));
        flight.settle(&settlement(1, &record, &["a"]));
        flight.settle(&settlement(1, &record, &["b"]));
        assert_eq!(flight.handled(record.metadata.id()).len(), 2);
        flight.settle(&settlement(2, &record, &[]));
        flight.settle(&settlement(2, &record, &[]).of_retry("r".into()));
        assert!(flight.is_empty() && !flight.has_retries());
        assert_eq!((flight.bytes(), flight.events.len()), (0, 0));
    }

    #[test]
    fn ids_of_one_moment_spread() {
        let build = ById::default();
        let mut low = std::collections::HashSet::new();
        for _ in 0..1000 {
            let id = EventMetadata::new("a.b.c.d.v1").id().as_u128();
            low.insert(build.hash_one(id) % 1024);
        }
        assert!(low.len() > 500, "{}", low.len());
    }
}
