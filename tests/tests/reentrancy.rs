//! Receivers may send, connect, disconnect and disable while a send runs: no lock is held meanwhile, and what they
//! change takes effect with the next send. Every test has a watchdog, so that a deadlock fails instead of hanging.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use events_core::{Connection, Signal, event, receiver};

use support::within_a_minute;

/// Declares a signal for one test alone.
macro_rules! signal {
    ($event:ident, $type:literal) => {
        #[event(type = $type)]
        struct $event {
            depth: i64,
        }
    };
}

/// A count that closures share.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn up(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Where closures leave connections for each other.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Vec<Connection>>>);

impl Held {
    fn put(&self, connection: Connection) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }

    /// Drops them, without this lock.
    fn clear(&self) {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        drop(taken);
    }
}

#[event(type = "org.example.tests.nested.linked.one.v1")]
struct One {
    depth: i64,
}

#[event(type = "org.example.tests.nested.linked.other.v1")]
struct Other {
    depth: i64,
}

#[receiver(ONE)]
fn one(depth: i64) -> Result<(), String> {
    if depth == 0 {
        return Err("the bottom".to_owned());
    }
    let same = ONE.send_event(One { depth: depth - 1 });
    let other = OTHER.send_event(Other { depth: depth - 1 });
    if same.is_ok() && other.is_ok() {
        Ok(())
    } else {
        Err(format!("below {depth}"))
    }
}

#[receiver(OTHER)]
fn other(depth: i64) {
    if depth > 0 {
        assert_eq!(ONE.send_event(One { depth: depth - 1 }).len(), 1);
    }
}

#[test]
fn receivers_send_the_same_and_other_signals() {
    within_a_minute(|| {
        let responses = ONE.send_event(One { depth: 12 });
        // Each send has responses of its own.
        let errors = responses.into_result().expect_err("the bottom was reached");
        assert!(errors.to_string().ends_with("failed: below 12"), "{errors}");
    });
}

signal!(Deep, "org.example.tests.nested.deep.v1");

#[test]
fn closures_send_their_own_signal() {
    within_a_minute(|| {
        let count = Count::default();
        let counted = count.clone();
        let _connection = DEEP.connect(move |event, _| {
            counted.up();
            if event.depth > 0 {
                DEEP.send_event(Deep {
                    depth: event.depth - 1,
                });
            }
        });
        DEEP.send_event(Deep { depth: 50 });
        assert_eq!(count.get(), 51);
    });
}

signal!(Growing, "org.example.tests.nested.growing.v1");

#[test]
fn what_is_connected_meanwhile_runs_from_the_next_send() {
    within_a_minute(|| {
        let (held, count) = (Held::default(), Count::default());
        let (holder, counted) = (held.clone(), count.clone());
        let _connection = GROWING.connect(move |_, _| {
            let counted = counted.clone();
            holder.put(GROWING.connect(move |_, _| counted.up()));
        });
        assert_eq!(GROWING.send_event(Growing { depth: 0 }).len(), 1);
        assert_eq!(count.get(), 0);
        assert_eq!(GROWING.send_event(Growing { depth: 0 }).len(), 2);
        assert_eq!(count.get(), 1);
        held.clear();
        assert_eq!(GROWING.send_event(Growing { depth: 0 }).len(), 1);
    });
}

signal!(Shrinking, "org.example.tests.nested.shrinking.v1");

#[test]
fn who_disconnects_itself_and_others_changes_the_next_send() {
    within_a_minute(|| {
        let (held, count) = (Held::default(), Count::default());
        let holder = held.clone();
        held.put(SHRINKING.connect(move |_, _| holder.clear()));
        for _ in 0..3 {
            let counted = count.clone();
            held.put(SHRINKING.connect(move |_, _| counted.up()));
        }
        // The snapshot of the running send still has them all.
        assert_eq!(SHRINKING.send_event(Shrinking { depth: 0 }).len(), 4);
        assert_eq!(count.get(), 3);
        assert_eq!(SHRINKING.send_event(Shrinking { depth: 0 }).len(), 0);
        assert_eq!(count.get(), 3);
    });
}

signal!(Dying, "org.example.tests.nested.dying.v1");

/// Uses the signal when the closure that captured it is dropped.
struct UsesSignal(&'static Signal<Dying>, Count);

impl Drop for UsesSignal {
    fn drop(&mut self) {
        let counted = self.1.clone();
        let connection = self.0.connect(move |_, _| counted.up());
        self.0.send_event(Dying { depth: 0 });
        drop(connection);
        self.0.receivers();
        self.0.disable();
        self.0.enable();
    }
}

#[test]
fn the_destructor_of_a_closure_uses_the_signal() {
    within_a_minute(|| {
        let count = Count::default();
        let value = UsesSignal(&DYING, count.clone());
        let connection = DYING.connect(move |_, _| {
            let _: &UsesSignal = &value;
        });
        // Two connections, so that both ways of changing the list are gone through.
        let other = DYING.connect(|_, _| ());
        drop(connection);
        assert_eq!(count.get(), 1);
        let value = UsesSignal(&DYING, count.clone());
        let last = DYING.connect(move |_, _| {
            let _: &UsesSignal = &value;
        });
        drop(other);
        drop(last);
        assert_eq!(count.get(), 2);
        assert!(DYING.send_event(Dying { depth: 0 }).is_empty());
    });
}

#[test]
fn the_destructor_of_a_closure_uses_the_signal_in_a_scope() {
    within_a_minute(|| {
        let _scope = events_core::testing::scope();
        let count = Count::default();
        let value = UsesSignal(&DYING, count.clone());
        let connection = DYING.connect(move |_, _| {
            let _: &UsesSignal = &value;
        });
        drop(connection);
        assert_eq!(count.get(), 1);
        let value = UsesSignal(&DYING, count);
        DYING
            .connect(move |_, _| {
                let _: &UsesSignal = &value;
            })
            .keep();
    });
}

signal!(LastRun, "org.example.tests.nested.last.run.v1");

#[test]
fn a_closure_that_is_disconnected_while_it_runs_is_dropped_afterwards() {
    struct Gone(Count);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.up();
        }
    }
    within_a_minute(|| {
        let (held, count) = (Held::default(), Count::default());
        let (holder, watched, value) = (held.clone(), count.clone(), Gone(count.clone()));
        held.put(LAST_RUN.connect(move |_, _| {
            let _: &Gone = &value;
            holder.clear();
            assert_eq!(watched.get(), 0, "dropped under its own feet");
        }));
        let responses = LAST_RUN.send_event(LastRun { depth: 0 });
        assert!(responses.is_ok(), "{responses:?}");
        drop(responses);
        assert_eq!(count.get(), 1);
    });
}

signal!(Stopped, "org.example.tests.nested.stopped.v1");

#[test]
fn disabling_in_a_receiver_stops_the_next_send() {
    within_a_minute(|| {
        let count = Count::default();
        let _disables = STOPPED.connect_with("disables", -1, |event| {
            STOPPED.disable();
            assert!(
                STOPPED
                    .send_event(Stopped { depth: event.depth })
                    .is_empty()
            );
        });
        let counted = count.clone();
        let _counts = STOPPED.connect(move |_, _| counted.up());
        assert!(STOPPED.send_event(Stopped { depth: 0 }).is_ok());
        assert_eq!(count.get(), 1, "the send that runs goes on");
        assert!(STOPPED.send_event(Stopped { depth: 0 }).is_empty());
        STOPPED.enable();
        assert_eq!(STOPPED.send_event(Stopped { depth: 0 }).len(), 2);
    });
}

signal!(Manual, "org.example.tests.nested.manual.v1");

static CONNECTED: OnceLock<Connection> = OnceLock::new();

#[receiver(MANUAL)]
fn connects_the_manual_one() {
    CONNECTED.get_or_init(|| {
        MANUAL
            .connect_receiver("reentrancy::by_hand")
            .expect("it is there")
    });
}

#[receiver(MANUAL, manual)]
fn by_hand() {
    assert!(!MANUAL.receivers().is_empty());
}

#[test]
fn a_receiver_connects_a_manual_receiver() {
    within_a_minute(|| {
        assert_eq!(MANUAL.send_event(Manual { depth: 0 }).len(), 1);
        let responses = MANUAL.send_event(Manual { depth: 0 });
        assert_eq!((responses.len(), responses.is_ok()), (2, true));
        // `by_hand` sorts before `connects_the_manual_one`.
        let first = responses.iter().next().expect("two");
        assert_eq!(first.receiver().id, "reentrancy::by_hand");
    });
}

signal!(Strict, "org.example.tests.nested.strict.v1");

#[test]
fn strict_sending_is_as_reentrant() {
    within_a_minute(|| {
        let held = Held::default();
        let holder = held.clone();
        held.put(STRICT.connect(move |event, _| {
            holder.clear();
            if event.depth > 0 {
                let nested = STRICT.send_event_strict(Strict { depth: 0 });
                assert!(nested.is_ok_and(|responses| responses.is_empty()));
            }
        }));
        STRICT
            .send_event_strict(Strict { depth: 1 })
            .expect("no failure");
    });
}

mod foreign_code {
    //! A field whose `Clone` and `PartialEq` use the signal: code of others, too.

    use events_core::{Event, EventData, event, testing};

    use super::within_a_minute;

    #[derive(Debug, EventData)]
    struct Curious {
        id: i64,
    }

    impl Clone for Curious {
        fn clone(&self) -> Self {
            assert!(SEEN.is_enabled());
            let _connection = Seen::signal().connect(|_, _| ());
            Self { id: self.id }
        }
    }

    impl PartialEq for Curious {
        fn eq(&self, other: &Self) -> bool {
            SEEN.is_enabled() && self.id == other.id
        }
    }

    #[event(type = "org.example.tests.nested.seen.v1")]
    struct Seen {
        curious: Curious,
    }

    #[test]
    fn an_event_that_uses_its_signal_when_cloned_can_be_captured() {
        within_a_minute(|| {
            let scope = testing::scope();
            let capture = scope.capture(&SEEN);
            let event = || Seen {
                curious: Curious { id: 1 },
            };
            SEEN.send_event(event());
            capture.assert_sent_once_with(&event());
            capture.assert_sent_exactly(&[event()]);
        });
    }
}
