//! State of a retry queue: lanes, deliveries and when they are due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::Place;
use crate::transport::{EntryId, RetryId};

#[derive(Default)]
pub(super) struct State {
    /// Lanes of each key.
    pub(super) lanes: HashMap<Arc<str>, Vec<Lane>>,
    /// Deliveries that wait for nothing.
    pub(super) alone: HashMap<RetryId, Parked>,
    /// Deliveries that are stored and first in their lanes, by the time at which they are due. Outdated items are passed over.
    pub(super) due: BinaryHeap<Reverse<Due>>,
    /// Deliveries that may have ended the process.
    pub(super) suspects: VecDeque<Place>,
    /// Counts insertions into `due`.
    pub(super) turn: u64,
}

pub(super) struct Lane {
    pub(super) receiver: Arc<str>,
    /// In the order of the entries, never empty.
    pub(super) parked: VecDeque<(EntryId, Parked)>,
    /// Number of deliveries that are claimed. An earlier entry that is parked meanwhile waits for them.
    pub(super) claimed: usize,
}

impl Lane {
    pub(super) fn is_first(&self, entry: EntryId) -> bool {
        self.parked
            .front()
            .is_some_and(|(first, _)| *first == entry)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Parked {
    pub(super) due: Instant,
    /// Size of the record in bytes, if it is known.
    pub(super) size: Option<usize>,
    /// Number of failed attempts. After one, its receiver may fail with it again.
    pub(super) attempts: u32,
    pub(super) stage: Stage,
    /// Its valid item in `due`.
    pub(super) turn: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The settlement that parks it is not confirmed.
    Unstored,
    /// The transport keeps it.
    Stored,
    /// This consumer claims it, runs it, or has put it aside as a suspect.
    Claimed,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub(super) at: Instant,
    pub(super) turn: u64,
    pub(super) id: RetryId,
    pub(super) key: Option<Arc<str>>,
}

impl State {
    pub(super) fn find(&mut self, id: &RetryId, key: Option<&Arc<str>>) -> Option<&mut Parked> {
        let Some(key) = key else {
            return self.alone.get_mut(id);
        };
        let lane = self.lane(key, &id.1)?;
        let index = lane.parked.binary_search_by_key(&id.0, |(entry, _)| *entry);
        Some(&mut lane.parked[index.ok()?].1)
    }

    pub(super) fn lane(&mut self, key: &str, receiver: &str) -> Option<&mut Lane> {
        let mut lanes = self.lanes.get_mut(key)?.iter_mut();
        lanes.find(|lane| *lane.receiver == *receiver)
    }

    pub(super) fn insert(&mut self, place: &Place, key: Option<&Arc<str>>, parked: Parked) {
        let (entry, receiver) = &place.id;
        let Some(key) = key else {
            self.alone.insert(place.id.clone(), parked);
            return;
        };
        if let Some(lane) = self.lane(key, receiver) {
            let index = lane.parked.partition_point(|(other, _)| other < entry);
            lane.parked.insert(index, (*entry, parked));
            return;
        }
        let lane = Lane {
            receiver: Arc::clone(receiver),
            parked: VecDeque::from([(*entry, parked)]),
            claimed: 0,
        };
        self.lanes.entry(Arc::clone(key)).or_default().push(lane);
    }

    pub(super) fn remove(&mut self, id: &RetryId, key: Option<&Arc<str>>) -> bool {
        let (entry, receiver) = id;
        let Some(key) = key else {
            return self.alone.remove(id).is_some();
        };
        let Some(lane) = self.lane(key, receiver) else {
            return false;
        };
        let Ok(index) = lane.parked.binary_search_by_key(entry, |(entry, _)| *entry) else {
            return false;
        };
        let removed = lane.parked.remove(index);
        if removed.is_some_and(|(_, parked)| parked.stage == Stage::Claimed) {
            lane.claimed -= 1;
        }
        if !lane.parked.is_empty() {
            self.schedule_first(id, Some(key));
            return true;
        }
        if let Some(lanes) = self.lanes.get_mut(key) {
            lanes.retain(|lane| !lane.parked.is_empty());
            if lanes.is_empty() {
                self.lanes.remove(key);
            }
        }
        true
    }

    /// Notes that a delivery is not claimed any more. Returns `false` if it was not.
    pub(super) fn let_go(&mut self, id: &RetryId, key: Option<&Arc<str>>) -> bool {
        let Some(parked) = self.find(id, key) else {
            return false;
        };
        if parked.stage != Stage::Claimed {
            return false;
        }
        parked.stage = Stage::Unstored;
        if let Some(lane) = key.and_then(|key| self.lane(key, &id.1)) {
            lane.claimed -= 1;
        }
        true
    }

    /// Schedules the first delivery of a lane, or one that is alone.
    pub(super) fn schedule_first(&mut self, id: &RetryId, key: Option<&Arc<str>>) {
        let first = key.and_then(|key| self.lane(key, &id.1)?.parked.front());
        let first = first.map_or(id.0, |(entry, _)| *entry);
        self.schedule(&(first, Arc::clone(&id.1)), key);
    }

    /// Schedules a delivery if it is stored, nothing is before it, and none of its lane is claimed.
    pub(super) fn schedule(&mut self, id: &RetryId, key: Option<&Arc<str>>) {
        let turn = self.turn + 1;
        if let Some(key) = key {
            let Some(lane) = self.lane(key, &id.1) else {
                return;
            };
            if !lane.is_first(id.0) || lane.claimed > 0 {
                return;
            }
        }
        let Some(parked) = self.find(id, key) else {
            return;
        };
        if parked.stage != Stage::Stored {
            return;
        }
        parked.turn = turn;
        let at = parked.due;
        self.turn = turn;
        self.due.push(Reverse(Due {
            at,
            turn,
            id: id.clone(),
            key: key.cloned(),
        }));
    }
}
