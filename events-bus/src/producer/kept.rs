//! Published rows that stay in the store of an outbox for a while.
//!
//! A transport may forget what it acknowledged: it fails over to a lagging replica, or is restored. The publisher then publishes
//! these rows again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::record::Record;
use crate::transport::{Entry, EntryId, Position, SharedTransport, TransportError};

/// Time for which a published row stays. It covers the lag of a replica that is promoted.
pub(super) const KEEP_FOR: Duration = Duration::from_secs(20);

/// Maximum number of published rows that stay, which bounds the size of the store at high rates.
pub(super) const KEEP_ROWS: u64 = 20_000;

/// Published rows, in order.
#[derive(Debug, Default)]
pub(super) struct Kept {
    chunks: VecDeque<Chunk>,
    rows: u64,
}

/// Rows that were published together.
#[derive(Debug)]
struct Chunk {
    first: EntryId,
    last: EntryId,
    rows: u64,
    at: Instant,
}

impl Kept {
    /// Adds rows that were published at a time.
    pub(super) fn push(&mut self, ids: impl IntoIterator<Item = EntryId>, at: Instant) {
        let mut ids = ids.into_iter();
        let Some(first) = ids.next() else { return };
        let (rows, last) = ids.fold((1, first), |(rows, _), id| (rows + 1, id));
        self.rows += rows;
        self.chunks.push_back(Chunk {
            first,
            last,
            rows,
            at,
        });
    }

    /// Returns the time at which the newest row was published.
    pub(super) fn newest_at(&self) -> Option<Instant> {
        self.chunks.back().map(|chunk| chunk.at)
    }

    /// Returns the first row that must stay, if older ones may go. The newest row always stays.
    pub(super) fn first_to_stay(&self, now: Instant) -> Option<EntryId> {
        let (gone, _) = self.expired(now);
        let front = self.chunks.front()?;
        match self.chunks.get(gone) {
            Some(chunk) if gone > 0 => Some(chunk.first),
            Some(_) => None,
            None => {
                let last = self.chunks.back()?.last;
                (front.first != last).then_some(last)
            }
        }
    }

    /// Forgets the rows before this one, which are gone.
    pub(super) fn forget_before(&mut self, id: EntryId) {
        while let Some(front) = self.chunks.front_mut() {
            if front.last >= id {
                if front.first < id {
                    // Only the newest row of all is left alone of its chunk.
                    self.rows = self.rows + 1 - front.rows;
                    front.first = front.last;
                    front.rows = 1;
                }
                return;
            }
            self.rows -= front.rows;
            self.chunks.pop_front();
        }
    }

    /// Returns the number of chunks that may go, and of their rows.
    fn expired(&self, now: Instant) -> (usize, u64) {
        let mut gone = (0, 0);
        for chunk in &self.chunks {
            let is_old = now.saturating_duration_since(chunk.at) >= KEEP_FOR;
            if !is_old && self.rows - gone.1 <= KEEP_ROWS {
                break;
            }
            gone = (gone.0 + 1, gone.1 + chunk.rows);
        }
        gone
    }
}

/// A reader of rows whose pages hold a few MiB, whatever the size of a row.
#[derive(Debug)]
pub(super) struct Pages {
    page: usize,
}

/// Number of rows in the largest page.
const LARGEST_PAGE: usize = 512;

/// Size of a page above which the next one has fewer rows, in bytes.
const PAGE_BYTES: usize = 2 << 20;

impl Pages {
    pub(super) const fn new() -> Self {
        Self { page: 4 }
    }

    /// Reads the next rows.
    ///
    /// # Errors
    /// Returns an error if the store cannot be read.
    pub(super) fn read(
        &mut self,
        store: &SharedTransport,
        topic: &str,
        from: Position,
    ) -> Result<Vec<Entry>, TransportError> {
        let entries = store.read(topic, from, self.page)?;
        let bytes: usize = entries.iter().map(Entry::size).sum();
        self.page = if bytes > PAGE_BYTES {
            (self.page / 2).max(1)
        } else {
            (self.page * 2).min(LARGEST_PAGE)
        };
        Ok(entries)
    }
}

/// Returns the records of entries with their numbers. Skips what is not a record.
pub(super) fn records(entries: Vec<Entry>) -> impl Iterator<Item = (u64, Record)> {
    let records = entries.into_iter();
    records.filter_map(|entry| Some((number(entry.id), entry.record.ok()?)))
}

/// Number of bits for the second part of an id.
const MINOR_BITS: u32 = 20;

/// Returns one number for the two of an entry. A store that counts uses the first alone; Redis has milliseconds and a small number.
pub(super) const fn number(id: EntryId) -> u64 {
    if id.minor() == 0 && id.major() < 1 << 40 {
        return id.major();
    }
    // 2^43 milliseconds reach to the year 2248, and there are fewer than 2^20 entries in one.
    let minor = if id.minor() < 1 << MINOR_BITS {
        id.minor()
    } else {
        (1 << MINOR_BITS) - 1
    };
    id.major() << MINOR_BITS | minor
}

/// Returns the entry with a number, the inverse of [`number`].
pub(super) const fn entry(number: u64) -> EntryId {
    if number < 1 << 40 {
        EntryId::new(number, 0)
    } else {
        EntryId::new(number >> MINOR_BITS, number & ((1 << MINOR_BITS) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::RangeInclusive<u64>) -> impl Iterator<Item = EntryId> {
        range.map(|number| EntryId::new(number, 0))
    }

    #[test]
    fn the_newest_row_stays_however_old_it_is() {
        let began = Instant::now();
        let mut kept = Kept::default();
        assert_eq!(kept.first_to_stay(began), None);
        kept.push(ids(1..=3), began);
        assert_eq!(kept.first_to_stay(began + KEEP_FOR / 2), None);
        let stays = kept.first_to_stay(began + KEEP_FOR);
        assert_eq!(stays, Some(EntryId::new(3, 0)));
        kept.forget_before(EntryId::new(3, 0));
        assert_eq!(kept.rows, 1);
        assert_eq!(kept.first_to_stay(began + 9 * KEEP_FOR), None);
        kept.push(ids(4..=4), began + KEEP_FOR);
        let stays = kept.first_to_stay(began + KEEP_FOR);
        assert_eq!(stays, Some(EntryId::new(4, 0)));
        kept.forget_before(EntryId::new(4, 0));
        assert_eq!(kept.rows, 1);
    }

    #[test]
    fn young_rows_stay_up_to_a_number() {
        let now = Instant::now();
        let mut kept = Kept::default();
        for batch in 0..100 {
            kept.push(ids(batch * 500 + 1..=batch * 500 + 500), now);
        }
        assert_eq!(kept.rows, 50_000);
        let stays = kept.first_to_stay(now);
        assert_eq!(stays, Some(EntryId::new(30_001, 0)));
        kept.forget_before(EntryId::new(30_001, 0));
        assert_eq!(kept.rows, KEEP_ROWS);
        assert_eq!(kept.first_to_stay(now), None);
        assert_eq!(kept.newest_at(), Some(now));
    }

    #[test]
    fn a_number_names_its_entry() {
        for id in [
            EntryId::new(1, 0),
            EntryId::new((1 << 40) - 1, 0),
            EntryId::new(1_795_376_013_252, 0),
            EntryId::new(1_795_376_013_252, 77),
        ] {
            assert_eq!(entry(number(id)), id, "{id}");
        }
        let ids = [
            EntryId::new(1_795_376_013_252, 0),
            EntryId::new(1_795_376_013_252, 1),
        ];
        assert!(number(ids[0]) < number(ids[1]));
    }
}
