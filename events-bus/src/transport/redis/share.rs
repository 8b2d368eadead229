//! Shares of the queues in the entries that a call hands out.

use crate::transport::{Entry, Limit, Queue};

/// Returns the number of requeued entries that a call hands out while new ones wait.
pub(super) fn half(limit: Limit) -> usize {
    limit.entries.div_ceil(2)
}

/// Returns the number of requeued entries.
pub(super) fn requeued(entries: &[Entry]) -> usize {
    let requeued = |entry: &&Entry| entry.id.queue() == Queue::Redelivery;
    entries.iter().filter(requeued).count()
}

/// Divides entries into those that a call hands out, requeued ones first, and the rest.
pub(super) fn choose(mut entries: Vec<Entry>, limit: Limit) -> (Vec<Entry>, Vec<Entry>) {
    let requeued = requeued(&entries);
    let size: usize = entries.iter().map(Entry::size).sum();
    if requeued == 0 && entries.len() <= limit.entries && size <= limit.bytes {
        // Nearly always. The surplus comes before what was read after it.
        return (entries, Vec::new());
    }
    entries.sort_by_key(|entry| entry.id);
    let new = entries.len() - requeued;
    let most_requeued = half(limit).max(limit.entries.saturating_sub(new));
    let beyond = entries
        .split_off(requeued.min(most_requeued).min(limit.entries))
        .into_iter();
    let (mut rest, new): (Vec<_>, Vec<_>) =
        beyond.partition(|entry| entry.id.queue() == Queue::Redelivery);
    let room = limit.entries - entries.len();
    let mut new = new.into_iter();
    entries.extend(new.by_ref().take(room));
    rest.extend(new);
    let mut size = 0;
    let fitting = entries
        .iter()
        .take_while(|entry| {
            let is_first = size == 0;
            size += entry.size();
            is_first || size <= limit.bytes
        })
        .count();
    rest.extend(entries.split_off(fitting.max(1).min(entries.len())));
    (entries, rest)
}

#[cfg(test)]
mod tests {
    use events_core::{EventMetadata, Timestamp};

    use super::*;
    use crate::record::Record;
    use crate::transport::EntryId;

    fn entries(requeued: u64, new: u64) -> Vec<Entry> {
        let entry = |id| {
            let record = Record::new(EventMetadata::new("t"), vec![0; 9]);
            Entry::new(id, Timestamp::MAX, Ok(record))
        };
        let queue = (0..requeued).map(|number| entry(EntryId::new(number, 0).in_redelivery()));
        queue
            .chain((0..new).map(|number| entry(EntryId::new(number, 0))))
            .collect()
    }

    #[test]
    fn requeued_entries_take_half_while_new_ones_wait() {
        let most = |entries, bytes| Limit { entries, bytes };
        for (requeued, new, limit, expected) in [
            (9, 9, most(4, 1000), (2, 2)),
            (9, 9, most(5, 1000), (3, 2)),
            (9, 1, most(4, 1000), (3, 1)),
            (9, 0, most(4, 1000), (4, 0)),
            (1, 9, most(4, 1000), (1, 3)),
            (9, 9, most(1, 1000), (1, 0)),
            (9, 9, most(8, 45), (4, 0)),
            (1, 9, most(8, 35), (1, 2)),
            (2, 2, most(8, 1), (1, 0)),
            (0, 0, most(8, 1), (0, 0)),
        ] {
            let all = entries(requeued, new);
            let (chosen, rest) = choose(all.clone(), limit);
            let count = super::requeued(&chosen);
            assert_eq!((count, chosen.len() - count), expected, "{limit:?}");
            // Nothing is lost, and nothing is passed over within a queue.
            let mut ids: Vec<_> = chosen.iter().chain(&rest).map(|entry| entry.id).collect();
            ids.sort();
            assert_eq!(ids, all.iter().map(|entry| entry.id).collect::<Vec<_>>());
            for queue in [Queue::Redelivery, Queue::Topic] {
                let of = |some: &[Entry]| -> Vec<EntryId> {
                    let ids = some.iter().map(|entry| entry.id);
                    ids.filter(|id| id.queue() == queue).collect()
                };
                assert!(of(&chosen).last() < of(&rest).iter().min() || of(&rest).is_empty());
            }
        }
    }
}
