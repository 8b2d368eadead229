//! The content of a topic in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};

use events_core::{Timestamp, Uuid};

use super::group::Group;
use crate::record::Record;
use crate::transport::rules::Publication;
use crate::transport::{DeadLetter, EntryId};

/// Content of a topic. Entries are numbered from 1 on, without gaps.
pub(super) struct State {
    pub(super) log: VecDeque<Stored>,
    /// Number of the first entry in `log`.
    pub(super) first: u64,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) dead: BTreeMap<u64, DeadLetter>,
    pub(super) last_dead: u64,
    pub(super) publications: HashMap<Uuid, Publication>,
    /// Number of threads that wait for an entry. If there is none, nobody is woken, which would cost a system call.
    pub(super) waiting: usize,
}

#[derive(Clone)]
pub(super) struct Stored {
    pub(super) at: Timestamp,
    pub(super) record: Record,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            log: VecDeque::new(),
            first: 1,
            groups: BTreeMap::new(),
            dead: BTreeMap::new(),
            last_dead: 0,
            publications: HashMap::new(),
            waiting: 0,
        }
    }

    /// Appends a record.
    pub(super) fn append(&mut self, at: Timestamp, record: &Record) -> EntryId {
        let id = EntryId::new(self.next(), 0);
        let record = record.clone();
        self.log.push_back(Stored { at, record });
        id
    }

    /// Returns the number of the next entry.
    pub(super) fn next(&self) -> u64 {
        self.first + self.log.len() as u64
    }

    pub(super) fn get(&self, number: u64) -> Option<&Stored> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.log.get(index)
    }

    /// Returns the number of the first entry that a group has not finished. Without groups, every entry is finished.
    pub(super) fn first_unfinished(&self) -> u64 {
        let next = self.next();
        self.groups
            .values()
            .map(Group::first_unfinished)
            .min()
            .unwrap_or(next)
    }

    /// Removes the first entries, so that the caller drops them without the lock.
    pub(super) fn take_first(&mut self, count: u64) -> Vec<Stored> {
        let index = usize::try_from(count).unwrap_or(usize::MAX);
        self.first += count;
        self.log.drain(..index.min(self.log.len())).collect()
    }
}
