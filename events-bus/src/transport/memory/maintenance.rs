//! Status, dead letters and retention of a topic in memory.

use std::time::Duration;

use events_core::Timestamp;

use super::topic::Topic;
use crate::transport::{
    DeadLetter, DeadLetterLimits, Entry, EntryId, Position, Queue, Retention, TopicStatus, Trimmed,
};

impl Topic {
    pub(super) fn status(&self, name: &str) -> TopicStatus {
        let state = self.lock();
        let mut status = TopicStatus::new(name);
        status.entries = state.log.len() as u64;
        status.dead_letters = state.dead.len() as u64;
        if !state.log.is_empty() {
            status.oldest = Some(EntryId::new(state.first, 0));
            status.newest = Some(EntryId::new(state.next() - 1, 0));
        }
        let published = |number: u64| state.get(number).map(|stored| stored.at);
        status.groups = state
            .groups
            .iter()
            .map(|(name, group)| group.status(name, state.next(), published))
            .collect();
        status
    }

    pub(super) fn read(&self, from: Position, limit: usize) -> Vec<Entry> {
        let state = self.lock();
        let from = match from {
            Position::Oldest => state.first,
            Position::At(id) => id.major() + u64::from(id.minor() > 0),
            Position::After(id) => id.major().saturating_add(1),
            Position::Time(time) => {
                state.first + state.log.partition_point(|stored| stored.at < time) as u64
            }
        };
        (from.max(state.first)..state.next())
            .take(limit)
            .filter_map(|number| {
                let stored = state.get(number)?;
                let id = EntryId::new(number, 0);
                Some(Entry::new(id, stored.at, Ok(stored.record.clone())))
            })
            .collect()
    }

    pub(super) fn dead_letters(
        &self,
        after: Option<EntryId>,
        limit: usize,
    ) -> Vec<(EntryId, DeadLetter)> {
        let from = after.map_or(0, |id| id.major().saturating_add(1));
        let state = self.lock();
        let letters = state.dead.range(from..).take(limit);
        letters
            .map(|(number, letter)| (EntryId::new(*number, 0), letter.clone()))
            .collect()
    }

    pub(super) fn drop_dead_letters(&self, ids: &[EntryId]) -> u64 {
        let mut state = self.lock();
        let there = ids
            .iter()
            .filter(|id| id.queue() == Queue::Topic && state.dead.remove(&id.major()).is_some());
        there.count() as u64
    }

    pub(super) fn trim_dead_letters(&self, limits: DeadLetterLimits) -> u64 {
        let mut state = self.lock();
        let before = state.dead.len() as u64;
        let beyond = limits
            .entries
            .map_or(0, |entries| before.saturating_sub(entries));
        let oldest_kept = limits.age.map(oldest_kept);
        let mut removed = 0;
        while let Some(first) = state.dead.first_entry() {
            let is_old = oldest_kept.is_some_and(|oldest| first.get().at.as_micros() < oldest);
            if removed >= beyond && !is_old {
                break;
            }
            first.remove();
            removed += 1;
        }
        removed
    }

    pub(super) fn trim(&self, retention: Retention) -> Trimmed {
        let mut state = self.lock();
        let length = state.log.len() as u64;
        let oldest_kept = oldest_kept(retention.age);
        let aged = state
            .log
            .partition_point(|stored| stored.at.as_micros() < oldest_kept)
            as u64;
        let beyond = length.saturating_sub(retention.entries);
        let finished = state.first_unfinished() - state.first;
        let before = retention
            .before
            .map_or(u64::MAX, |id| id.major().saturating_sub(state.first));
        let handled = beyond.min(aged).min(finished).min(before);
        let lost = retention
            .lose_unread_beyond
            .map_or(0, |most| length.saturating_sub(most))
            .min(before);
        let gone = handled.max(lost);
        let records = state.take_first(gone);
        let first = state.first;
        for group in state.groups.values_mut() {
            group.forget_before(first);
        }
        drop(state);
        drop(records);
        self.room.notify_all();
        Trimmed {
            entries: gone,
            unread: gone.saturating_sub(finished),
            more: false,
        }
    }

    pub(super) fn delete_group(&self, group: &str) -> bool {
        self.lock().groups.remove(group).is_some()
    }
}

/// Returns the time before which entries are older than an age, in microseconds since 1970.
fn oldest_kept(age: Duration) -> i64 {
    let micros = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    Timestamp::now().as_micros().saturating_sub(micros)
}
