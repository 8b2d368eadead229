//! Relays: events of committed transactions are sent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::OutboxSource;

mod work;

use work::Work;

/// A thread of a running [`Bus`](crate::Bus) that sends what is in an outbox.
pub struct Relay {
    outbox: String,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What a relay has done since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RelayStats {
    /// Whether it has the lead. Another relay of this outbox does not send then, and this one does not while another has it.
    pub leads: bool,
    /// Events that were sent.
    pub sent: u64,
    /// Events that could not be sent, and were set aside.
    pub set_aside: u64,
    /// Attempts to send that were not taken by the bus, or by the store of durable receivers, and are repeated.
    pub failures: u64,
}

/// Works on.
const RUNS: u8 = 0;
/// Sends what is there, and ends.
const DRAINS: u8 = 1;
/// Ends behind the event that it is at, and does not count on that having been sent.
const STOPS: u8 = 2;

#[derive(Debug, Default)]
struct Shared {
    phase: AtomicU8,
    leads: AtomicBool,
    sent: AtomicU64,
    set_aside: AtomicU64,
    failures: AtomicU64,
}

impl Shared {
    fn phase(&self) -> u8 {
        self.phase.load(Ordering::Acquire)
    }
}

impl Relay {
    pub(crate) fn start(
        source: Box<dyn OutboxSource>,
        #[cfg(feature = "tokio")] runtime: Option<tokio::runtime::Handle>,
    ) -> std::io::Result<Self> {
        let outbox = source.name();
        let shared = Arc::new(Shared::default());
        let mut work = Work::new(
            source,
            Arc::clone(&shared),
            #[cfg(feature = "tokio")]
            runtime,
        );
        let thread = thread::Builder::new()
            .name("events-relay".to_owned())
            .spawn(move || work.run())?;
        Ok(Self {
            outbox,
            thread: Some(thread),
            shared,
        })
    }

    /// What the outbox is called: a path, or the name of a database.
    pub fn outbox(&self) -> &str {
        &self.outbox
    }

    /// What it has done.
    pub fn stats(&self) -> RelayStats {
        RelayStats {
            leads: self.shared.leads.load(Ordering::Relaxed),
            sent: self.shared.sent.load(Ordering::Relaxed),
            set_aside: self.shared.set_aside.load(Ordering::Relaxed),
            failures: self.shared.failures.load(Ordering::Relaxed),
        }
    }

    fn enter(&self, phase: u8) {
        self.shared.phase.store(phase, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Has it end when it has sent what is committed now.
    pub(crate) fn drain(&self) {
        self.enter(DRAINS);
    }

    /// Waits until it has ended, and at the deadline has it end behind the event that it is at. `false` if it is at that still.
    pub(crate) fn stop(&mut self, deadline: Instant) -> bool {
        let ends_by = |deadline: Instant| {
            let thread = self.thread.as_ref();
            while thread.is_some_and(|thread| !thread.is_finished()) {
                if Instant::now() >= deadline {
                    return false;
                }
                thread::sleep(Duration::from_millis(1));
            }
            true
        };
        if !ends_by(deadline) {
            self.enter(STOPS);
            if !ends_by(Instant::now() + Duration::from_millis(250)) {
                return false;
            }
        }
        self.thread
            .take()
            .is_none_or(|thread| thread.join().is_ok())
    }
}

/// The event that it is at is sent again by the next relay: nobody knows any more who got it.
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
