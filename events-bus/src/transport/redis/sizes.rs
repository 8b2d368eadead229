//! Sizes of the entries of topics, which bound how many are read at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::transport::Entry;

/// Number of batches after which the largest entry before them is forgotten.
const RECENT: u32 = 16;

/// Factor by which a batch may be larger than the largest one before.
const GROWTH: usize = 4;

/// Sizes of the entries of topics.
#[derive(Default)]
pub(super) struct Sizes(Mutex<HashMap<Box<str>, Size>>);

struct Size {
    /// Maximum number of entries of the next batch.
    allowance: usize,
    /// The largest entry of the present batches, and of those before.
    largest: [usize; 2],
    batches: u32,
    /// Maximum number of bytes of the next batch. It is below that of the caller after the server closed a connection.
    budget: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            allowance: 1,
            largest: [0; 2],
            batches: 0,
            budget: usize::MAX,
        }
    }
}

impl Size {
    fn largest(&self) -> usize {
        self.largest[0].max(self.largest[1]).max(1)
    }

    fn count(&self, bytes: usize) -> usize {
        let fits = bytes.min(self.budget) / self.largest();
        self.allowance.min(fits).max(1)
    }
}

impl Sizes {
    /// Returns the number of entries to ask for: the bytes over the largest recent entry, and 1 for a topic of unknown sizes. The
    /// number grows with the batches that were read.
    pub(super) fn count(&self, topic: &str, entries: usize, bytes: usize) -> usize {
        let sizes = self.sizes();
        let Some(size) = sizes.get(topic) else {
            return 1;
        };
        size.count(bytes).min(entries).max(1)
    }

    /// Returns the number of bytes of a topic that are read at once.
    pub(super) fn budget(&self, topic: &str, bytes: usize) -> usize {
        let sizes = self.sizes();
        sizes
            .get(topic)
            .map_or(bytes, |size| size.budget.min(bytes))
    }

    /// Returns `true` if one more entry of the size of the largest recent one fits into a number of bytes.
    pub(super) fn fits(&self, topic: &str, bytes: usize) -> bool {
        let sizes = self.sizes();
        sizes.get(topic).is_none_or(|size| size.largest() <= bytes)
    }

    /// Notes a batch for which a number of entries was asked.
    pub(super) fn note(&self, topic: &str, asked: usize, batch: &[Entry]) {
        let Some(largest) = batch.iter().map(Entry::size).max() else {
            return;
        };
        let mut sizes = self.sizes();
        let size = sizes.entry(topic.into()).or_default();
        size.largest[0] = size.largest[0].max(largest);
        if batch.len() >= asked {
            size.allowance = size.allowance.max(asked.saturating_mul(GROWTH));
        }
        size.batches += 1;
        if size.batches >= RECENT {
            size.batches = 0;
            size.largest = [0, size.largest[0]];
            size.budget = size.budget.saturating_mul(2);
        }
    }

    /// Notes that the server closed the connection over a batch that was read within a limit of bytes: the next one is half as
    /// large.
    pub(super) fn note_closed(&self, topic: &str, bytes: usize) {
        let mut sizes = self.sizes();
        let size = sizes.entry(topic.into()).or_default();
        let last = size.count(bytes).saturating_mul(size.largest());
        size.budget = last.min(bytes).min(size.budget) / 2;
    }

    /// Notes that the server closed the connection over a claim of up to a number of bytes.
    pub(super) fn note_closed_claim(&self, topic: &str, bytes: usize) {
        let mut sizes = self.sizes();
        let size = sizes.entry(topic.into()).or_default();
        size.budget = bytes.min(size.budget) / 2;
    }

    fn sizes(&self) -> MutexGuard<'_, HashMap<Box<str>, Size>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use events_core::{EventMetadata, Timestamp};

    use super::*;
    use crate::record::Record;
    use crate::transport::EntryId;

    fn batch(count: usize, size: usize) -> Vec<Entry> {
        let record = Record::new(EventMetadata::new("t"), vec![0; size - 1]);
        let entry = Entry::new(EntryId::new(1, 0), Timestamp::MAX, Ok(record));
        vec![entry; count]
    }

    #[test]
    fn a_topic_of_unknown_sizes_begins_with_one_entry_and_grows() {
        let sizes = Sizes::default();
        let mut counts = Vec::new();
        for _ in 0..6 {
            let count = sizes.count("t", 300, 1 << 20);
            counts.push(count);
            sizes.note("t", count, &batch(count, 1000));
        }
        assert_eq!(counts, [1, 4, 16, 64, 256, 300]);
        assert_eq!(sizes.count("t", 300, 100_000), 100);
        assert_eq!(sizes.count("t", 300, 10), 1, "one entry in any case");
        // One large entry bounds what follows, and is forgotten after a time.
        sizes.note("t", 300, &batch(1, 500_000));
        assert_eq!(sizes.count("t", 300, 1 << 20), 2);
        for _ in 0..2 * RECENT {
            sizes.note("t", 300, &batch(1, 1000));
        }
        assert_eq!(sizes.count("t", 300, 1 << 20), 300);
    }

    #[test]
    fn a_closed_connection_halves_the_next_batch() {
        let sizes = Sizes::default();
        sizes.note("t", 1, &batch(1, 1000));
        sizes.note("t", 64, &batch(64, 1000));
        assert_eq!(sizes.count("t", 1000, 200_000), 200);
        sizes.note_closed("t", 200_000);
        assert_eq!(sizes.count("t", 1000, 200_000), 100);
        sizes.note("t", 100, &batch(100, 1000));
        assert_eq!(sizes.count("t", 1000, 200_000), 100, "it stays for a time");
        sizes.note_closed("t", 200_000);
        assert_eq!(sizes.count("t", 1000, 200_000), 50);
    }
}
