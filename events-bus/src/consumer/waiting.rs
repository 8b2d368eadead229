//! What a lane keeps of entries whose receivers are to be tried again.
//!
//! A receiver that failed on an event of some key gets the later events of that key only when it is through with that one. So
//! what waits is queued by receiver and key: the head of a queue has a time at which it is due, and the others wait behind it.
//! Other receivers, and other keys, go on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::Timestamp;

use super::job::Job;
use crate::transport::{DeadLetter, Progress, ReceiverState, Settlement};

/// An entry of which some receivers are not through.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) job: Arc<Job>,
    /// The receivers that are through with it, well or not.
    handled: Vec<Arc<str>>,
    dead: Vec<Arc<str>>,
    /// Those that are not.
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    receiver: Arc<str>,
    /// Of one that waits behind others, the number of earlier deliveries' attempts: mostly 0.
    attempts: u32,
    /// What it said last, and when it is to be tried again.
    failed: Option<(Box<str>, Timestamp)>,
}

/// Which queue something waits in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) receiver: Arc<str>,
    pub(super) key: PlaceKey,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum PlaceKey {
    Key(Arc<str>),
    /// An event without a key waits for nobody.
    Alone(u64),
}

/// A receiver that is due.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) place: Place,
    pub(super) ticket: u64,
    pub(super) job: Arc<Job>,
    /// How often it was tried before.
    pub(super) attempts: u32,
}

/// All that waits in a lane.
#[derive(Debug, Default)]
pub(super) struct WaitingRoom {
    entries: HashMap<u64, Waiting>,
    queues: HashMap<Place, VecDeque<u64>>,
    timers: BinaryHeap<Reverse<(Instant, u64, u64)>>,
    /// The places that the timers are of.
    timed: HashMap<u64, Place>,
    last: u64,
}

/// How a receiver that waits came there.
#[derive(Debug)]
pub(super) enum Reason {
    /// An earlier event of its key is not through.
    Blocked,
    /// It failed so often, with this error, and is due after this time.
    Failed {
        attempts: u32,
        error: Box<str>,
        delay: Duration,
    },
}

impl WaitingRoom {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the receiver has to wait with events of this key.
    pub(super) fn blocks(&self, receiver: &Arc<str>, key: Option<&Arc<str>>) -> bool {
        let Some(key) = key else { return false };
        !self.queues.is_empty()
            && self.queues.contains_key(&Place {
                receiver: Arc::clone(receiver),
                key: PlaceKey::Key(Arc::clone(key)),
            })
    }

    /// Takes an entry in. What becomes of it is to be settled by what this returns.
    pub(super) fn admit(
        &mut self,
        job: Arc<Job>,
        handled: Vec<Arc<str>>,
        dead: Vec<Arc<str>>,
        open: Vec<(Arc<str>, Reason)>,
        now: Instant,
    ) -> Settlement {
        self.last += 1;
        let ticket = self.last;
        let mut entry = Waiting {
            job,
            handled,
            dead,
            open: Vec::new(),
        };
        for (receiver, reason) in open {
            let place = Place {
                receiver: Arc::clone(&receiver),
                key: entry.job.key().map_or(PlaceKey::Alone(ticket), |key| {
                    PlaceKey::Key(Arc::clone(key))
                }),
            };
            let (attempts, failed, delay) = match reason {
                Reason::Blocked => (0, None, Duration::ZERO),
                Reason::Failed {
                    attempts,
                    error,
                    delay,
                } => (attempts, Some((error, after(delay))), delay),
            };
            entry.open.push(Open {
                receiver,
                attempts,
                failed,
            });
            let queue = self.queues.entry(place.clone()).or_default();
            queue.push_back(ticket);
            if queue.len() == 1 {
                self.set_timer(place, now + delay);
            }
        }
        let settlement = entry.settlement(Vec::new());
        self.entries.insert(ticket, entry);
        settlement
    }

    fn set_timer(&mut self, place: Place, at: Instant) {
        self.last += 1;
        self.timers.push(Reverse((at, self.last, self.last)));
        self.timed.insert(self.last, place);
    }

    /// When the next receiver is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next receiver that is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        while let Some(Reverse((at, ..))) = self.timers.peek() {
            if *at > now {
                return None;
            }
            let Reverse((_, _, timer)) = self.timers.pop()?;
            let Some(place) = self.timed.remove(&timer) else {
                continue;
            };
            let Some(&ticket) = self.queues.get(&place).and_then(VecDeque::front) else {
                continue;
            };
            let Some(entry) = self.entries.get(&ticket) else {
                continue;
            };
            let attempts = entry
                .open
                .iter()
                .find(|open| open.receiver == place.receiver)
                .map_or(0, |open| open.attempts);
            return Some(Due {
                ticket,
                job: Arc::clone(&entry.job),
                attempts,
                place,
            });
        }
        None
    }

    /// The receiver is through with it: well, or with a dead letter.
    pub(super) fn through(
        &mut self,
        due: &Due,
        letter: Option<DeadLetter>,
        now: Instant,
    ) -> Option<Settlement> {
        self.leave(&due.place, now);
        let entry = self.entries.get_mut(&due.ticket)?;
        entry
            .open
            .retain(|open| open.receiver != due.place.receiver);
        let receiver = Arc::clone(&due.place.receiver);
        if letter.is_some() {
            entry.dead.push(receiver);
        } else {
            entry.handled.push(receiver);
        }
        let settlement = entry.settlement(letter.into_iter().collect());
        if settlement.finished {
            self.entries.remove(&due.ticket);
        }
        Some(settlement)
    }

    /// The receiver failed once more, and is due again after this time.
    pub(super) fn failed(
        &mut self,
        due: &Due,
        attempts: u32,
        error: &str,
        delay: Duration,
        now: Instant,
    ) -> Option<Settlement> {
        self.set_timer(due.place.clone(), now + delay);
        let entry = self.entries.get_mut(&due.ticket)?;
        for open in &mut entry.open {
            if open.receiver == due.place.receiver {
                open.attempts = attempts;
                open.failed = Some((error.into(), after(delay)));
            }
        }
        Some(entry.settlement(Vec::new()))
    }

    /// The head of a queue leaves; the next one is due.
    fn leave(&mut self, place: &Place, now: Instant) {
        let Some(queue) = self.queues.get_mut(place) else {
            return;
        };
        queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(place);
        } else {
            self.set_timer(place.clone(), now);
        }
    }

    /// Forgets everything of which this does not hold, and says how many entries that were.
    pub(super) fn retain(&mut self, keep: impl Fn(&Job) -> bool) -> Vec<Arc<Job>> {
        let gone: Vec<u64> = self
            .entries
            .iter()
            .filter(|(_, entry)| !keep(&entry.job))
            .map(|(ticket, _)| *ticket)
            .collect();
        let jobs = gone
            .iter()
            .filter_map(|ticket| self.entries.remove(ticket))
            .map(|entry| entry.job)
            .collect();
        let entries = &self.entries;
        self.queues.retain(|_, queue| {
            queue.retain(|ticket| entries.contains_key(ticket));
            !queue.is_empty()
        });
        // A queue whose head is gone has lost its timer's meaning: give every queue that is left one that is due now at worst.
        let timed: Vec<Place> = self.timed.values().cloned().collect();
        let orphans: Vec<Place> = self
            .queues
            .keys()
            .filter(|place| !timed.contains(place))
            .cloned()
            .collect();
        for place in orphans {
            self.set_timer(place, Instant::now());
        }
        jobs
    }
}

impl Waiting {
    fn settlement(&self, dead: Vec<DeadLetter>) -> Settlement {
        let id = self.job.event_id();
        let handled: Arc<[Arc<str>]> = self.handled.iter().cloned().collect();
        let settlement = if self.open.is_empty() {
            Settlement::finished(self.job.entry_id(), id, handled)
        } else {
            let gave_up = self
                .dead
                .iter()
                .map(|receiver| Progress::new(Arc::clone(receiver), ReceiverState::Dead));
            let failed = self.open.iter().filter_map(|open| {
                let (error, next_attempt) = open.failed.clone()?;
                let state = ReceiverState::Failed {
                    attempts: open.attempts,
                    next_attempt,
                    error,
                };
                Some(Progress::new(Arc::clone(&open.receiver), state))
            });
            let progress = gave_up.chain(failed).collect();
            Settlement::waiting(self.job.entry_id(), id, handled, progress)
        };
        settlement.with_dead(dead)
    }
}

/// The wall clock's time after a delay: only for what is written down.
fn after(delay: Duration) -> Timestamp {
    let micros = i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(Timestamp::now().as_micros().saturating_add(micros))
        .unwrap_or(Timestamp::MAX)
}
