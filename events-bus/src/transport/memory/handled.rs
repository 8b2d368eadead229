//! The duplicate window in memory.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::Uuid;

use crate::transport::Entry;

/// Maximum number of remembered events, however long the window is.
const LIMIT: usize = 100_000;

/// Receivers that handled an event, for the time of the duplicate window.
pub(super) struct Handled {
    window: Duration,
    by_event: HashMap<Uuid, By>,
    by_age: VecDeque<Uuid>,
}

/// Receivers that handled an event, and when the first did.
struct By {
    since: Instant,
    receivers: Arc<[Arc<str>]>,
}

impl Handled {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            window,
            by_event: HashMap::new(),
            by_age: VecDeque::new(),
        }
    }

    /// Writes into an entry which receivers handled its event. A requeued record is not a duplicate.
    pub(super) fn look_up(&self, entry: &mut Entry) {
        let Ok(record) = &entry.record else { return };
        if self.by_event.is_empty() || record.requeued.is_some() {
            return;
        }
        if let Some(by) = self.by_event.get(&record.metadata.id())
            && by.since.elapsed() <= self.window
        {
            entry.handled_by = by.receivers.to_vec();
        }
    }

    pub(super) fn note(&mut self, event: Uuid, receivers: &Arc<[Arc<str>]>) {
        if self.window.is_zero() || receivers.is_empty() {
            return;
        }
        let now = Instant::now();
        self.forget(now);
        match self.by_event.entry(event) {
            MapEntry::Vacant(place) => {
                place.insert(By {
                    since: now,
                    receivers: Arc::clone(receivers),
                });
                self.by_age.push_back(event);
            }
            MapEntry::Occupied(mut place) => {
                let known = &mut place.get_mut().receivers;
                let new = receivers.iter().filter(|new| !known.contains(new));
                *known = known.iter().chain(new).cloned().collect();
            }
        }
    }

    /// Makes room for one event.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.by_age.front() {
            let is_old = self
                .by_event
                .get(oldest)
                .is_none_or(|by| now.duration_since(by.since) > self.window);
            if !is_old && self.by_age.len() < LIMIT {
                return;
            }
            self.by_event.remove(oldest);
            self.by_age.pop_front();
        }
    }
}
