//! Lanes: the threads that run receivers. Events of one key are always in the same lane, in their order.
//!
//! A lane has one thread at a time. All that it knows is behind a lock that is not held while a receiver runs; so, when a receiver
//! does not come back, the lane goes on with a new thread, and the old one finds that it is no longer wanted.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Shared;
use super::job::Job;
use super::report::Handled;
use super::run::{self, Outcome, Work};
use super::source::Source;
use super::waiting::WaitingRoom;
use super::{apply, plan};
use crate::transport::Settlement;

/// What was settled is handed on when there is so much of it, or so old.
const BATCH: usize = 64;
const LINGER: Duration = Duration::from_millis(2);
/// How long a lane sleeps at most: it looks whether what waits in it still counts.
const NAP: Duration = Duration::from_secs(1);

/// The lanes of a consumer.
pub(super) struct Lanes {
    all: Vec<Arc<Lane>>,
    hasher: RandomState,
    next: AtomicUsize,
    shared: Arc<Shared>,
    abandoned: AtomicUsize,
    stuck: AtomicBool,
}

struct Lane {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// A thread of another number is not wanted any more.
    thread: u64,
    queue: VecDeque<Arc<Job>>,
    room: WaitingRoom,
    running: Option<(Instant, Work)>,
    looked: Option<Look>,
    settled: Vec<Settled>,
    handed_on: Option<Instant>,
    /// Goes on until the queue is empty, and then ends.
    stopping: bool,
    threads: usize,
}

/// What was settled for a source in a reign, and is not handed on.
struct Settled {
    source: Arc<Source>,
    reign: u64,
    settlements: Vec<Settlement>,
}

/// What was seen when somebody looked after a lane last.
struct Look {
    /// Since when the work had been running.
    since: Instant,
    /// How many receivers had begun.
    begun: usize,
    /// Since when, as far as one can know, the last of them had been running.
    last: Instant,
}

impl State {
    /// Since when a receiver runs, and with what. The time is each receiver's own; but who runs them does not note it, since that
    /// would be one more look at the clock for each.
    fn looked_after(&mut self) -> Option<(Instant, Work)> {
        let (since, work) = self.running.clone()?;
        let begun = work.begun();
        let last = match &self.looked {
            Some(look) if look.since == since && look.begun == begun => look.last,
            _ if begun <= 1 => since,
            _ => Instant::now(),
        };
        self.looked = Some(Look { since, begun, last });
        Some((last, work))
    }
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Receivers run, and events are decoded, outside of the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lanes {
    pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<Arc<Self>> {
        let count = shared.config.workers.max(1);
        let lanes = Self {
            all: (0..count)
                .map(|_| {
                    Arc::new(Lane {
                        state: Mutex::default(),
                        wake: Condvar::new(),
                    })
                })
                .collect(),
            hasher: RandomState::new(),
            next: AtomicUsize::new(0),
            shared,
            abandoned: AtomicUsize::new(0),
            stuck: AtomicBool::new(false),
        };
        let lanes = Arc::new(lanes);
        for lane in &lanes.all {
            lanes.spawn(lane, 0)?;
        }
        Ok(lanes)
    }

    fn spawn(&self, lane: &Arc<Lane>, number: u64) -> std::io::Result<()> {
        let (lane_of_thread, shared) = (Arc::clone(lane), Arc::clone(&self.shared));
        lane.lock().threads += 1;
        let spawned = thread::Builder::new()
            .name("events-receiver".to_owned())
            .spawn(move || {
                work(&lane_of_thread, number, &shared);
                let mut state = lane_of_thread.lock();
                state.threads -= 1;
                drop(state);
                lane_of_thread.wake.notify_all();
            });
        if let Err(error) = spawned {
            lane.lock().threads -= 1;
            return Err(error);
        }
        Ok(())
    }

    /// Whether no lane is left that could run a receiver: too many of them did not come back.
    pub(super) fn are_stuck(&self) -> bool {
        self.stuck.load(Ordering::Acquire)
    }

    pub(super) fn push(&self, jobs: impl Iterator<Item = Arc<Job>>) {
        let count = self.all.len();
        if count == 1 {
            // Made before the lock is taken: the lane is not to wait for that.
            let jobs: Vec<_> = jobs.collect();
            self.all[0].lock().queue.extend(jobs);
            self.all[0].wake.notify_all();
            return;
        }
        let mut by_lane: Vec<Vec<Arc<Job>>> = vec![Vec::new(); count];
        for job in jobs {
            let index = match job.key() {
                // The remainder is smaller than the number of lanes.
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "any bits of a hash will do"
                )]
                Some(key) => self.hasher.hash_one(&**key) as usize % count,
                None => self.next.fetch_add(1, Ordering::Relaxed) % count,
            };
            by_lane[index].push(job);
        }
        for (lane, jobs) in self.all.iter().zip(by_lane) {
            if !jobs.is_empty() {
                lane.lock().queue.extend(jobs);
                lane.wake.notify_all();
            }
        }
    }

    /// Forgets what a reign left behind.
    pub(super) fn forget(&self, source: &Arc<Source>, reign: u64) {
        for lane in &self.all {
            let mut state = lane.lock();
            let ours = |job: &Job| Arc::ptr_eq(&job.source, source) && job.reign <= reign;
            // What they own may be foreign: it is dropped without the lock.
            let queue = std::mem::take(&mut state.queue);
            let (gone, rest): (Vec<_>, VecDeque<_>) = {
                let mut gone = Vec::new();
                let mut rest = VecDeque::with_capacity(queue.len());
                for job in queue {
                    if ours(&job) {
                        gone.push(job);
                    } else {
                        rest.push_back(job);
                    }
                }
                (gone, rest)
            };
            state.queue = rest;
            let waiting = state.room.retain(|job| !ours(job));
            drop(state);
            drop((gone, waiting));
        }
    }

    /// How many entries wait for a receiver to be tried again.
    pub(super) fn waiting(&self) -> usize {
        self.all.iter().map(|lane| lane.lock().room.len()).sum()
    }

    /// Goes on without receivers that do not come back. Called now and then.
    pub(super) fn supervise(&self) {
        let limit = self.shared.config.receiver_timeout;
        for lane in &self.all {
            let mut state = lane.lock();
            let Some((since, work)) = state.looked_after() else {
                continue;
            };
            if since.elapsed() < limit || self.are_stuck() {
                continue;
            }
            tracing::error!(
                target: "events_bus::consumer", event_type = work.event_type(), receiver = work.receivers(),
                ?limit, "a receiver did not come back in time: its thread is left alone, and the lane goes on with another"
            );
            work.job().source.metrics.abandoned();
            state.thread += 1;
            state.running = None;
            let number = state.thread;
            let outcome = run::timed_out(&work, limit, &self.shared);
            let handled = note(&mut state, &work, outcome);
            drop(state);
            self.shared.observe(&handled);
            let abandoned = self.abandoned.fetch_add(1, Ordering::AcqRel) + 1;
            if abandoned >= 2 * self.all.len() || self.spawn(lane, number).is_err() {
                self.stuck.store(true, Ordering::Release);
                tracing::error!(
                    target: "events_bus::consumer", abandoned,
                    "too many receivers did not come back: this consumer gives up its lead, so that another may go on; \
                     restart the process"
                );
            }
        }
    }

    /// Has every lane end when its queue is empty, and waits for them, at most until the deadline. Says whether they all ended.
    pub(super) fn stop(&self, deadline: Instant) -> bool {
        for lane in &self.all {
            lane.lock().stopping = true;
            lane.wake.notify_all();
        }
        let mut all = true;
        for lane in &self.all {
            let left = deadline.saturating_duration_since(Instant::now());
            let busy = |state: &mut State| {
                state.threads > 0 && !(state.queue.is_empty() && state.running.is_none())
            };
            let (mut state, _) = lane
                .wake
                .wait_timeout_while(lane.lock(), left, busy)
                .unwrap_or_else(PoisonError::into_inner);
            all &= !busy(&mut state);
            // Past the deadline, what is in the queue stays pending; nobody begins with it any more.
            let queue = std::mem::take(&mut state.queue);
            hand_on(&mut state);
            drop(state);
            drop(queue);
        }
        all
    }
}

/// The thread of a lane.
fn work(lane: &Lane, number: u64, shared: &Shared) {
    let _runtime = shared.enter_runtime();
    let mut now = Instant::now();
    let mut state = lane.lock();
    loop {
        if state.thread != number {
            return;
        }
        let next = if let Some(due) = state.room.take_due(now) {
            Work::again(due)
        } else if let Some(job) = state.queue.pop_front() {
            Work::first(job)
        } else {
            hand_on(&mut state);
            if state.stopping {
                return;
            }
            let nap = state
                .room
                .next_due()
                .map_or(NAP, |due| due.saturating_duration_since(now).min(NAP));
            state = lane
                .wake
                .wait_timeout(state, nap)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            now = Instant::now();
            continue;
        };
        let settled: usize = state.settled.iter().map(|of| of.settlements.len()).sum();
        if settled >= BATCH
            || state
                .handed_on
                .is_none_or(|last| now.duration_since(last) > LINGER)
        {
            hand_on(&mut state);
            state.handed_on = Some(now);
        }
        if !next.is_current(now) {
            drop(state);
            drop(next);
            state = lane.lock();
            continue;
        }
        let work = next;
        state.running = Some((now, work.clone()));
        let crowded = !state.room.is_empty();
        drop(state);

        // Without the lock: decoding, and then the receivers.
        let mut planned = plan::plan(&work, shared);
        if crowded {
            let state = lane.lock();
            planned.hold_back(&work, |receiver, key| state.room.blocks(receiver, key));
        }
        let outcome = run::run(&work, planned, shared, &mut now);

        state = lane.lock();
        if state.thread != number {
            tracing::warn!(
                target: "events_bus::consumer", event_type = work.event_type(), receiver = work.receivers(),
                "a receiver that had been given up came back; what it says is not heard"
            );
            return;
        }
        state.running = None;
        let handled = note(&mut state, &work, outcome);
        if shared.is_observed() || state.stopping {
            drop(state);
            shared.observe(&handled);
            lane.wake.notify_all();
            // An observer takes its time.
            now = Instant::now();
            state = lane.lock();
        }
    }
}

/// Notes what came of a piece of work.
fn note<'a>(state: &mut State, work: &'a Work, outcome: Outcome) -> Handled<'a> {
    let (settlement, handled) = apply::apply(&mut state.room, work, outcome);
    let Some(settlement) = settlement else {
        return handled;
    };
    let job = work.job();
    let its = |of: &&mut Settled| of.reign == job.reign && Arc::ptr_eq(&of.source, &job.source);
    match state.settled.iter_mut().find(its) {
        Some(of) => of.settlements.push(settlement),
        None => state.settled.push(Settled {
            source: Arc::clone(&job.source),
            reign: job.reign,
            settlements: vec![settlement],
        }),
    }
    handled
}

/// Gives what was settled to the sources.
fn hand_on(state: &mut State) {
    for of in &mut state.settled {
        if !of.settlements.is_empty() {
            of.source.settle(of.reign, of.settlements.drain(..));
        }
    }
    state.settled.retain(|of| of.source.reign() == of.reign);
}
