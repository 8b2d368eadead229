//! The scope of a test.

use core::any::Any;
use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::capture::{Capture, Sent};
use super::clock::Clock;
use super::join::{ACTIVE, Entered};
use super::state::ScopedSignal;
use crate::dispatch::Metadata;
use crate::event::Event;
use crate::metadata::EventMetadata;
use crate::registry::{self, Problems};
use crate::signal::{AnySignal, ConnectionId, Entry, ReceiverList, Signal, SignalCore};
use crate::time::Timestamp;

/// Opens a [`Scope`] on this thread: every signal is enabled, the receivers that the linker found run, nothing else is
/// connected, nothing was sent.
///
/// # Panics
/// When [`registry::verify`] finds problems: a test that passes because a receiver is not there proves nothing.
#[track_caller]
pub fn scope() -> Scope {
    static VERIFIED: OnceLock<Result<(), Problems>> = OnceLock::new();
    if let Err(problems) = VERIFIED.get_or_init(registry::verify) {
        panic!("{problems}");
    }
    let handle = ScopeHandle {
        inner: Arc::new(Inner::new()),
    };
    Scope {
        entered: handle.enter(),
        handle,
    }
}

/// A test's own world of signals, until it is dropped. See the [module](super).
#[must_use = "the scope ends when it is dropped; bind it: `let scope = testing::scope();`"]
pub struct Scope {
    handle: ScopeHandle,
    /// Ends the scope on this thread when it is dropped.
    #[expect(dead_code, reason = "held for its `Drop`")]
    entered: Entered,
}

impl Scope {
    /// Runs no receiver but those that the test connects: for testing a sender alone.
    pub fn without_receivers(self) -> Self {
        self.handle.lock().receivers = false;
        self
    }

    /// Enables these signals and no others.
    pub fn only(self, signals: &[&'static dyn AnySignal]) -> Self {
        {
            let mut state = self.handle.lock();
            state.enabled = false;
            state.switched.clear();
        }
        // Another scope may have been entered since; what is said here is said of this one.
        let _entered = self.handle.enter();
        for signal in signals {
            signal.set_enabled(true);
        }
        self
    }

    /// Stops the clock: the metadata of every event says this time, until [`advance`](Self::advance).
    pub fn at(self, time: Timestamp) -> Self {
        self.handle.lock().clock.stop(time);
        self
    }

    /// Moves a stopped clock.
    ///
    /// # Panics
    /// When the clock was not stopped with [`at`](Self::at), or leaves the years 1 to 9999.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        let advanced = self.handle.lock().clock.advance(by);
        assert!(
            advanced,
            "only a stopped clock can be moved, and not beyond the year 9999: stop it with `.at(time)`"
        );
    }

    /// Counts the ids of events from 1, instead of drawing them: the first is `00000000-0000-7000-8000-000000000001`.
    pub fn with_counted_ids(self) -> Self {
        self.handle.lock().clock.count_ids();
        self
    }

    /// What was sent through a signal inside the scope, so far and from now on.
    pub fn capture<E: Event>(&self, signal: &'static Signal<E>) -> Capture<E> {
        Capture::new(self.handle.clone(), signal)
    }

    /// The types of all events that were sent inside the scope, in the order of the sends.
    pub fn sent_types(&self) -> Vec<&'static str> {
        self.handle.lock().sent_types.clone()
    }

    /// Checks that nothing was sent at all.
    ///
    /// # Panics
    /// When something was, with the types of the events.
    #[track_caller]
    pub fn assert_nothing_sent(&self) {
        let sent = self.sent_types();
        assert!(
            sent.is_empty(),
            "nothing was expected to be sent, but {} events were: {}",
            sent.len(),
            sent.join(", ")
        );
    }

    /// For other threads and tasks to join the scope.
    pub fn handle(&self) -> ScopeHandle {
        self.handle.clone()
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("sent", &self.sent_types())
            .finish_non_exhaustive()
    }
}

/// Lets a thread or a task join a [`Scope`].
///
/// ```standalone_crate
/// # use events_core::{event, testing};
/// # #[event(type = "org.example.shop.order.placed.v1")]
/// # pub struct OrderPlaced { pub number: i64 }
/// let scope = testing::scope();
/// let handle = scope.handle();
/// std::thread::spawn(move || {
///     let _entered = handle.enter();
///     ORDER_PLACED.send_event(OrderPlaced { number: 17 });
/// })
/// .join()
/// .unwrap();
/// scope.capture(&ORDER_PLACED).assert_sent_once();
/// ```
#[derive(Clone)]
pub struct ScopeHandle {
    pub(super) inner: Arc<Inner>,
}

impl fmt::Debug for ScopeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScopeHandle")
    }
}

/// What a scope holds. Its lock is held for bookkeeping only, never while a receiver runs.
pub(super) struct Inner {
    state: Mutex<State>,
}

pub(super) struct State {
    /// Whether a signal is enabled of which nothing else was said.
    enabled: bool,
    /// The signals that were enabled or disabled one by one.
    switched: HashMap<SignalId, bool>,
    /// Whether the receivers that the linker found run.
    receivers: bool,
    clock: Clock,
    sent_types: Vec<&'static str>,
    /// Of each signal that was touched.
    signals: HashMap<SignalId, ScopedSignal>,
}

impl Inner {
    fn new() -> Self {
        ACTIVE.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
        Self {
            state: Mutex::new(State {
                enabled: true,
                switched: HashMap::new(),
                receivers: true,
                clock: Clock::default(),
                sent_types: Vec::new(),
                signals: HashMap::new(),
            }),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        ACTIVE.fetch_sub(1, core::sync::atomic::Ordering::Relaxed);
    }
}

/// Tells signals apart: a signal is a static, so its address is its own.
type SignalId = usize;

fn id(signal: &'static SignalCore) -> SignalId {
    core::ptr::from_ref(signal).addr()
}

impl State {
    fn signal(&mut self, signal: &'static SignalCore) -> &mut ScopedSignal {
        self.signals.entry(id(signal)).or_default()
    }

    fn is_enabled(&self, signal: &'static SignalCore) -> bool {
        self.switched
            .get(&id(signal))
            .copied()
            .unwrap_or(self.enabled)
    }
}

impl ScopeHandle {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the source that events sent in this scope name, if none was set. Gives back the one that counts.
    pub(crate) fn source(&self, source: String) -> String {
        self.lock().clock.source(source).to_owned()
    }

    /// Metadata of an event of this scope.
    pub(crate) fn metadata(
        &self,
        event_type: Cow<'static, str>,
        minor_version: i64,
    ) -> EventMetadata {
        self.lock().clock.metadata(event_type, minor_version)
    }

    pub(crate) fn is_enabled(&self, signal: &'static SignalCore) -> bool {
        self.lock().is_enabled(signal)
    }

    pub(crate) fn set_enabled(&self, signal: &'static SignalCore, enabled: bool) {
        self.lock().switched.insert(id(signal), enabled);
    }

    pub(crate) fn connect(&self, signal: &'static SignalCore, id: ConnectionId, entry: Entry) {
        self.lock().signal(signal).connected.push((id, entry));
    }

    pub(crate) fn disconnect(&self, signal: &'static SignalCore, id: ConnectionId) {
        let mut state = self.lock();
        let connected = &mut state.signal(signal).connected;
        let gone = connected
            .iter()
            .position(|(other, _)| *other == id)
            .map(|at| connected.remove(at));
        // The closure's destructor is foreign code.
        drop(state);
        drop(gone);
    }

    /// What was sent through a signal.
    pub(super) fn sent(&self, signal: &'static SignalCore) -> Vec<Arc<dyn Any + Send + Sync>> {
        self.lock().signal(signal).sent.clone()
    }

    /// Whether the receivers that the linker found run.
    pub(super) fn runs_receivers(&self) -> bool {
        self.lock().receivers
    }

    /// The receivers that a send in this scope would reach.
    pub(crate) fn list(&self, signal: &'static SignalCore) -> ReceiverList {
        // Attached before the scope's lock is taken, which then covers bookkeeping only.
        signal.linked();
        let mut state = self.lock();
        let receivers = state.receivers;
        state.signal(signal).list(signal, receivers)
    }

    /// Notes an event that is sent, and gives the receivers to send it to. `None` where the signal is disabled.
    pub(crate) fn begin_send<E: Event>(
        &self,
        signal: &'static SignalCore,
        event: &E,
        given: Metadata<'_>,
    ) -> Option<(ReceiverList, EventMetadata)> {
        if !self.is_enabled(signal) {
            return None;
        }
        signal.linked();
        // Foreign code, so before the lock.
        let event = event.clone();
        let mut state = self.lock();
        let metadata = match given.given() {
            Some(metadata) => metadata.clone(),
            None => state
                .clock
                .metadata(E::INFO.event_type.into(), i64::from(E::INFO.minor_version)),
        };
        let receivers = state.receivers;
        state.sent_types.push(E::INFO.event_type);
        let scoped = state.signal(signal);
        scoped.sent.push(Arc::new(Sent {
            event,
            metadata: metadata.clone(),
            from_event_bus: given.from_event_bus(),
        }));
        Some((scoped.list(signal, receivers), metadata))
    }
}
