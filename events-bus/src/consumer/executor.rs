//! Executor: the threads that run receivers. Events of one key are always handled by one lane, in their order.
//!
//! A lane has one thread at a time. All that it knows is behind a lock that is not held while a receiver runs; so when a receiver
//! does not come back, the lane goes on with a new thread, and the old one finds that it is no longer wanted.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Shared;
use super::decode::Job;
use super::delivery::Delivery;
use super::report::{self, Handled};
use super::term::Term;
use super::watch;
use crate::throttle::throttled;
use crate::transport::Settlement;
use crate::worker::Worker;

/// Results are handed on when there are this many, or when they are this old.
const BATCH: usize = 64;
const LINGER: Duration = Duration::from_millis(2);

/// Lanes of a consumer.
pub(super) struct Executor {
    lanes: Vec<Arc<Lane>>,
    hasher: RandomState,
    shared: Arc<Shared>,
    abandoned: AtomicUsize,
    is_stuck: AtomicBool,
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
    running: Option<(Instant, Arc<Job>)>,
    looked: Option<Look>,
    results: Vec<Results>,
    handed_on: Option<Instant>,
    /// `true` if the lane ends when its queue is empty.
    is_stopping: bool,
    threads: usize,
}

/// Results of deliveries of a term that are not handed on.
struct Results {
    term: Arc<Term>,
    settlements: Vec<Settlement>,
}

/// State of a lane when the supervisor looked last.
struct Look {
    /// Time since which the delivery had been running.
    since: Instant,
    /// Number of receivers that had begun.
    begun: usize,
    /// Time since which, as far as can be known, the last of them had been running.
    last: Instant,
}

impl State {
    /// Returns what runs, and since when its current receiver does. A receiver has its own time, but the thread that runs it
    /// does not note it: that would be one more look at the clock for each.
    fn look(&mut self) -> Option<(Instant, Arc<Job>)> {
        let (since, job) = self.running.clone()?;
        let begun = job.progress.begun();
        let last = match &self.looked {
            _ if job.progress.is_waiting() => Instant::now(),
            Some(look) if look.since == since && look.begun == begun => look.last,
            _ if begun <= 1 => since,
            _ => Instant::now(),
        };
        self.looked = Some(Look { since, begun, last });
        Some((last, job))
    }

    /// Hands results to their terms.
    fn hand_on(&mut self) {
        for results in &mut self.results {
            if !results.settlements.is_empty() {
                results.term.settle(results.settlements.drain(..));
            }
        }
        self.results.retain(|results| !results.term.is_over());
    }

    /// Notes the result of a delivery: its lanes are blocked before the next event of its key is looked at.
    fn note(&mut self, job: &Job, delivery: &Delivery, now: Instant) {
        delivery.mark(job, now);
        let settlement = delivery.settlement(job);
        let mut results = self.results.iter_mut();
        match results.find(|results| Arc::ptr_eq(&results.term, &job.term)) {
            Some(results) => results.settlements.push(settlement),
            None => self.results.push(Results {
                term: Arc::clone(&job.term),
                settlements: vec![settlement],
            }),
        }
    }

    /// Takes the jobs of a term out of the queue. What they own is foreign: the caller drops it without the lock.
    fn take_jobs(&mut self, term: &Arc<Term>) -> VecDeque<Arc<Job>> {
        let queue = std::mem::take(&mut self.queue);
        let (gone, rest) = queue
            .into_iter()
            .partition(|job: &Arc<Job>| Arc::ptr_eq(&job.term, term));
        self.queue = rest;
        gone
    }
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Receivers run, and events are decoded, outside of the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor {
    pub(super) fn start(shared: Arc<Shared>) -> io::Result<Arc<Self>> {
        let lane = |_| {
            Arc::new(Lane {
                state: Mutex::default(),
                wake: Condvar::new(),
            })
        };
        let executor = Self {
            lanes: (0..shared.config.workers.max(1)).map(lane).collect(),
            hasher: RandomState::new(),
            shared,
            abandoned: AtomicUsize::new(0),
            is_stuck: AtomicBool::new(false),
        };
        for lane in &executor.lanes {
            executor.spawn(lane, 0)?;
        }
        Ok(Arc::new(executor))
    }

    fn spawn(&self, lane: &Arc<Lane>, number: u64) -> io::Result<()> {
        let (lane_of_thread, shared) = (Arc::clone(lane), Arc::clone(&self.shared));
        lane.lock().threads += 1;
        // Nobody joins it: a receiver may never come back.
        let started = Worker::start("events-receiver", move |_| {
            work(&lane_of_thread, number, &shared);
            lane_of_thread.lock().threads -= 1;
            lane_of_thread.wake.notify_all();
        });
        if let Err(error) = started {
            lane.lock().threads -= 1;
            return Err(error);
        }
        Ok(())
    }

    /// Returns `true` if too many receivers have not come back for the consumer to go on.
    pub(super) fn is_stuck(&self) -> bool {
        self.is_stuck.load(Ordering::Acquire)
    }

    /// Returns the lane of a job: that of its key, or of its event if it has no key, so that copies of an event meet.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "any bits of a hash will do, and the remainder is smaller than the number of lanes"
    )]
    fn lane_of(&self, job: &Job) -> usize {
        let hash = match (job.key(), job.event_id()) {
            (Some(key), _) => self.hasher.hash_one(&**key),
            (None, Some(id)) => {
                let id = id.as_u128();
                (id >> 64) as u64 ^ id as u64
            }
            (None, None) => job.entry.id.major(),
        };
        hash as usize % self.lanes.len()
    }

    pub(super) fn push(&self, jobs: impl Iterator<Item = Arc<Job>>) {
        if let [lane] = &*self.lanes {
            // Made before the lock is taken: the lane is not to wait for that.
            let jobs: Vec<_> = jobs.collect();
            lane.lock().queue.extend(jobs);
            lane.wake.notify_all();
            return;
        }
        let mut by_lane: Vec<Vec<Arc<Job>>> = vec![Vec::new(); self.lanes.len()];
        for job in jobs {
            by_lane[self.lane_of(&job)].push(job);
        }
        for (lane, jobs) in self.lanes.iter().zip(by_lane) {
            if !jobs.is_empty() {
                lane.lock().queue.extend(jobs);
                lane.wake.notify_all();
            }
        }
    }

    /// Drops the jobs of a term that is over.
    pub(super) fn forget(&self, term: &Arc<Term>) {
        for lane in &self.lanes {
            let mut state = lane.lock();
            let gone = state.take_jobs(term);
            state.results.retain(|results| !results.term.is_over());
            drop(state);
            drop(gone);
        }
    }

    /// Goes on without receivers that do not come back. Called every now and then.
    pub(super) fn supervise(&self) {
        let limit = self.shared.config.receiver_timeout;
        for lane in &self.lanes {
            let mut state = lane.lock();
            // Results do not wait for a receiver that takes its time.
            state.hand_on();
            let Some((since, job)) = state.look() else {
                continue;
            };
            if since.elapsed() < limit || self.is_stuck() {
                continue;
            }
            throttled!(
                    error, target: "events_bus::consumer", event_type = job.event_type(), entry = %job.entry_id(), ?limit,
                "a receiver did not come back in time: its thread is abandoned, and another one goes on"
            );
            job.term.source.metrics.abandoned();
            state.thread += 1;
            state.running = None;
            let number = state.thread;
            let delivery = Delivery::timed_out(&job, limit, &self.shared.retry);
            state.note(&job, &delivery, Instant::now());
            drop(state);
            report::count(&job, &delivery);
            self.shared.observe(&Handled::new(&job, delivery));
            let abandoned = self.abandoned.fetch_add(1, Ordering::AcqRel) + 1;
            if abandoned >= 2 * self.lanes.len() || self.spawn(lane, number).is_err() {
                self.is_stuck.store(true, Ordering::Release);
                lane.lock().hand_on();
                throttled!(
                    error, target: "events_bus::consumer", abandoned,
                    "too many receivers did not come back: this consumer gives up its lead, so that another one may go on; \
                     restart the process"
                );
            }
        }
    }

    /// Ends each lane when its queue is empty, and waits for that until the deadline. Returns `true` if all of them have ended.
    pub(super) fn stop(&self, deadline: Instant) -> bool {
        for lane in &self.lanes {
            lane.lock().is_stopping = true;
            lane.wake.notify_all();
        }
        let mut have_all = true;
        for lane in &self.lanes {
            let left = deadline.saturating_duration_since(Instant::now());
            let is_busy = |state: &mut State| {
                state.threads > 0 && !(state.queue.is_empty() && state.running.is_none())
            };
            let (mut state, _) = lane
                .wake
                .wait_timeout_while(lane.lock(), left, is_busy)
                .unwrap_or_else(PoisonError::into_inner);
            have_all &= !is_busy(&mut state);
            // After the deadline, what is in the queue stays pending, and nobody begins with it.
            let queue = std::mem::take(&mut state.queue);
            state.hand_on();
            drop(state);
            drop(queue);
        }
        have_all
    }
}

/// Thread of a lane.
fn work(lane: &Lane, number: u64, shared: &Shared) {
    let _runtime = shared.enter_runtime();
    let mut now = Instant::now();
    let mut state = lane.lock();
    while state.thread == number {
        let Some(job) = state.queue.front() else {
            state.hand_on();
            if state.is_stopping {
                return;
            }
            state = lane
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            now = Instant::now();
            continue;
        };
        let results: usize = state.results.iter().map(|of| of.settlements.len()).sum();
        // A copy of an event looks for the results of the other copies with their terms.
        let is_due = state
            .handed_on
            .is_none_or(|last| now.duration_since(last) > LINGER);
        if results >= BATCH || is_due || job.is_copy {
            state.hand_on();
            state.handed_on = Some(now);
        }
        let Some(job) = state.queue.front() else {
            continue;
        };
        if job.term.is_over() {
            let term = Arc::clone(&job.term);
            let gone = state.take_jobs(&term);
            drop(state);
            drop(gone);
            state = lane.lock();
            continue;
        }
        let Some(job) = state.queue.pop_front() else {
            continue;
        };
        state.running = Some((now, Arc::clone(&job)));
        drop(state);

        let delivery = deliver(&job, shared, &mut now);

        state = lane.lock();
        if state.thread != number {
            throttled!(
                    warn, target: "events_bus::consumer", event_type = job.event_type(), entry = %job.entry_id(),
                "a receiver that was abandoned came back: its result is ignored"
            );
            return;
        }
        state.running = None;
        let Some(delivery) = delivery else {
            continue;
        };
        state.note(&job, &delivery, now);
        if shared.is_observed() || state.is_stopping || !delivery.is_plain() {
            drop(state);
            report::count(&job, &delivery);
            if !delivery.is_postponed(&job) {
                shared.observe(&Handled::new(&job, delivery));
            }
            lane.wake.notify_all();
            // An observer takes its time.
            now = Instant::now();
            state = lane.lock();
        }
    }
}

/// Decodes an event and runs its receivers, without the lock. Returns `None` if the term ended meanwhile.
fn deliver(job: &Job, shared: &Shared, now: &mut Instant) -> Option<Delivery> {
    let mut delivery = Delivery::new(job);
    if !delivery.is_pending() {
        *now = Instant::now();
        return Some(delivery);
    }
    if !matches!(delivery, Delivery::All) {
        let _ = job.plan.set(delivery.clone());
    }
    let responses = watch::run(job, &delivery, shared, now)?;
    let (signal, _) = job.event()?;
    delivery.apply(signal, &responses, &shared.retry);
    Some(delivery)
}
