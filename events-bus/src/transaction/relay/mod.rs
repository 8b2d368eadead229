//! Relays: events of committed transactions are published, and the receivers of the service run.
//!
//! ```text
//! events_outbox ──► intake ──► destination per topic ──► transport, or durable outbox
//!                         └──► local work (`events:relay:<service>`) ──► consumer ──► receivers
//! ```
//!
//! A row leaves the database after every destination has acknowledged it. One thread does all of it, and no receiver runs on it.

mod destination;
mod intake;
mod local;
mod metrics;
mod numbered;
mod publish;
mod read;
mod rows;
mod work;

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use events_core::Timestamp;

pub(crate) use intake::Routing;
pub(crate) use local::{GROUP, Local};

use super::OutboxSource;
use crate::producer::Reports;
use work::Work;

/// Targets of a relay, and its settings.
pub(crate) struct Publishing {
    pub(crate) routing: Routing,
    pub(crate) local: Local,
    pub(crate) reports: Reports,
    /// Length of the lease on the outbox.
    pub(crate) lease: Duration,
}

/// A thread of a running [`Bus`](crate::Bus) that publishes the rows of an outbox.
pub struct Relay {
    outbox: String,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// State of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RelayState {
    /// The relay has not reached its database yet.
    #[default]
    Starting,
    /// The relay leads: it publishes.
    Leading,
    /// Another relay leads.
    Standby,
    /// The database does not answer.
    Unreachable {
        /// Time of the first call without an answer.
        since: Timestamp,
    },
}

impl RelayState {
    /// Returns the state as a word, such as `standby`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Leading => "leading",
            Self::Standby => "standby",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

/// State and counts of a relay since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RelayStats {
    /// State.
    pub state: RelayState,
    /// Number of rows that every destination acknowledged.
    pub sent: u64,
    /// Number of rows that cannot be sent and were quarantined.
    pub quarantined: u64,
    /// Number of attempts that a topic did not take, and that are repeated.
    pub failures: u64,
}

impl RelayStats {
    /// Returns `true` if the relay leads.
    pub fn is_leading(&self) -> bool {
        self.state == RelayState::Leading
    }
}

// The thread begins in phase 0: it works.
/// Phase in which the thread publishes the rows that are committed now, and ends.
const DRAINS: u8 = 1;
/// Phase in which the thread publishes nothing any more, and ends when the local work in memory is finished.
const CLOSES: u8 = 2;
/// Phase in which the thread ends after its current call.
const STOPS: u8 = 3;

/// Time after which a call to the database that has not returned counts as unanswered.
const SILENCE: Duration = Duration::from_secs(15);

#[derive(Debug, Default)]
struct Shared {
    phase: AtomicU8,
    state: Mutex<RelayState>,
    /// Start of the current call to the database in microseconds since 1970; 0 if there is none.
    asking: AtomicI64,
    sent: AtomicU64,
    quarantined: AtomicU64,
    failures: AtomicU64,
}

impl Shared {
    fn phase(&self) -> u8 {
        self.phase.load(Ordering::Acquire)
    }

    fn state(&self) -> RelayState {
        let asking = self.asking.load(Ordering::Relaxed);
        let silence = Timestamp::now().as_micros().saturating_sub(asking);
        let is_silent = u128::from(silence.max(0).unsigned_abs()) > SILENCE.as_micros();
        if let Some(since) = Timestamp::from_micros(asking).filter(|_| asking != 0 && is_silent) {
            return RelayState::Unreachable { since };
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_state(&self, state: RelayState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Relay {
    /// Starts the thread.
    ///
    /// # Errors
    /// Returns an error if the thread cannot be started.
    pub(crate) fn start(
        source: Box<dyn OutboxSource>,
        publishing: Publishing,
    ) -> std::io::Result<Self> {
        let outbox = source.name();
        let shared = Arc::new(Shared::default());
        let mut work = Work::new(source, Arc::clone(&shared), publishing);
        let thread = thread::Builder::new()
            .name("events-relay".to_owned())
            .spawn(move || work.run())?;
        Ok(Self {
            outbox,
            thread: Some(thread),
            shared,
        })
    }

    /// Returns the name of the outbox: a path, or the place of a database.
    pub fn outbox(&self) -> &str {
        &self.outbox
    }

    /// Returns the state and the counts.
    pub fn stats(&self) -> RelayStats {
        RelayStats {
            state: self.shared.state(),
            sent: self.shared.sent.load(Ordering::Relaxed),
            quarantined: self.shared.quarantined.load(Ordering::Relaxed),
            failures: self.shared.failures.load(Ordering::Relaxed),
        }
    }

    /// Enters a phase unless a later one has begun.
    fn enter(&self, phase: u8) {
        self.shared.phase.fetch_max(phase, Ordering::AcqRel);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Tells the thread to publish the rows that are committed now, and to end.
    pub(crate) fn drain(&self) {
        self.enter(DRAINS);
    }

    /// Waits until the thread has drained, and tells it at the deadline to publish nothing any more.
    pub(crate) fn close(&self, deadline: Instant) {
        if !self.ends_by(deadline) {
            self.enter(CLOSES);
        }
    }

    /// Ends the thread after the call that it is in. Returns `false` if it is in that call at the deadline.
    pub(crate) fn stop(&mut self, deadline: Instant) -> bool {
        self.enter(STOPS);
        let deadline = deadline.max(Instant::now() + Duration::from_millis(250));
        if !self.ends_by(deadline) {
            return false;
        }
        self.thread
            .take()
            .is_none_or(|thread| thread.join().is_ok())
    }

    fn ends_by(&self, deadline: Instant) -> bool {
        let thread = self.thread.as_ref();
        while thread.is_some_and(|thread| !thread.is_finished()) {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

/// Rows that were not removed are sent again by the next relay.
impl Drop for Relay {
    fn drop(&mut self) {
        self.enter(STOPS);
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("outbox", &self.outbox)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
