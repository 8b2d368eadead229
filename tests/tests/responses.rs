//! What a send gives back: outcomes in their order, reports of errors and panics.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use events_core::{Connection, Event, Outcome, Signal, event, receiver};

#[event(type = "org.example.shop.parcel.sent.v1")]
struct ParcelSent {
    weight: i64,
}

#[event(type = "org.example.shop.parcel.lost.v1")]
struct ParcelLost {}

#[event(type = "org.example.shop.parcel.found.v1")]
struct ParcelFound {}

#[event(type = "org.example.shop.parcel.opened.v1")]
struct ParcelOpened {}

#[event(type = "org.example.shop.parcel.weighed.v1")]
struct ParcelWeighed {}

#[event(type = "org.example.shop.parcel.dropped.v1")]
struct ParcelDropped {}

#[derive(Debug, PartialEq, Eq)]
struct TooHeavy(i64);

impl fmt::Display for TooHeavy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is too heavy", self.0)
    }
}

impl Error for TooHeavy {}

#[receiver(PARCEL_SENT, id = "parcels.count")]
fn count() {}

#[receiver(PARCEL_SENT, id = "parcels.load", priority = 1)]
fn load(weight: i64) -> Result<(), TooHeavy> {
    if weight > 10 {
        Err(TooHeavy(weight))
    } else {
        Ok(())
    }
}

#[receiver(PARCEL_SENT, id = "parcels.tie", priority = 2)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "a receiver with a result may panic, too"
)]
fn tie(weight: i64) -> Result<(), String> {
    assert!(weight <= 20, "the string broke at {weight}");
    Ok(())
}

#[receiver(PARCEL_SENT, id = "parcels.wave", priority = 3)]
fn wave() {}

#[test]
fn success_says_who_ran() {
    let responses = PARCEL_SENT.send_event(ParcelSent { weight: 1 });
    assert!(responses.is_ok() && !responses.is_empty());
    assert_eq!(responses.len(), 4);
    assert_eq!(responses.failures().count(), 0);
    assert!(responses.iter().all(|response| response.is_ok()));
    assert_eq!(
        format!("{responses:?}"),
        "[parcels.count: Ok, parcels.load: Ok, parcels.tie: Ok, parcels.wave: Ok]"
    );
    responses.into_result().expect("no failure");
}

#[test]
fn errors_and_panics_are_reported_in_the_order_of_the_receivers() {
    let responses = PARCEL_SENT.send_event(ParcelSent { weight: 21 });
    assert!(!responses.is_ok());
    assert_eq!(
        format!("{responses:?}"),
        r#"[parcels.count: Ok, parcels.load: Failed(TooHeavy(21)), parcels.tie: Panicked("the string broke at 21"), parcels.wave: Ok]"#
    );
    let failures: Vec<_> = responses.failures().collect();
    assert_eq!(failures.len(), 2);
    assert!(!failures[0].is_ok());
    match (failures[0].outcome(), failures[1].outcome()) {
        (Outcome::Failed(error), Outcome::Panicked(message)) => {
            assert_eq!(error.downcast_ref(), Some(&TooHeavy(21)));
            assert_eq!(message, "the string broke at 21");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_display_every_failure_with_its_place() {
    let responses = PARCEL_SENT.send_event(ParcelSent { weight: 21 });
    let lines: Vec<_> = responses
        .failures()
        .map(|failure| failure.receiver().location)
        .collect();
    let errors = responses.into_result().expect_err("two failures");
    let of = "of `org.example.shop.parcel.sent.v1`";
    assert_eq!(
        errors.to_string(),
        format!(
            "receiver `parcels.load` ({}) {of} failed: 21 is too heavy; receiver `parcels.tie` ({}) {of} panicked: the \
             string broke at 21",
            lines[0], lines[1]
        )
    );
    assert!(errors.source().is_some());
    assert_eq!(errors.iter().count(), 2);
    let [error, panic] = <[_; 2]>::try_from(errors.into_vec()).expect("two errors");
    assert_eq!(error.event_type(), ParcelSent::INFO.event_type);
    assert!(!error.is_panic() && panic.is_panic());
    assert!(panic.source().is_none());
    let inner = error.into_inner().expect("an error");
    assert_eq!(inner.downcast_ref(), Some(&TooHeavy(21)));
    let panic = panic.into_inner().expect_err("a panic has no error in it");
    assert_eq!(panic.receiver().id, "parcels.tie");
}

fn count_runs<E: Event>(signal: &'static Signal<E>) -> (Arc<AtomicUsize>, Connection) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let connection = signal.connect_with("count", 100, move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (runs, connection)
}

#[test]
fn strict_sending_stops_at_the_first_error() {
    let (runs, _connection) = count_runs(&PARCEL_LOST);
    let _fails = PARCEL_LOST.connect_with("fails", 0, |_| Err("the first"));
    let _fails_too = PARCEL_LOST.connect_with("fails too", 1, |_| Err("the second"));
    let error = PARCEL_LOST
        .send_event_strict(ParcelLost {})
        .expect_err("it fails");
    assert_eq!(error.receiver().id, "fails");
    assert!(error.to_string().ends_with(" failed: the first"), "{error}");
    assert_eq!(
        runs.load(Ordering::Relaxed),
        0,
        "the receivers behind it did not run"
    );
    // The next one is as good as ever.
    PARCEL_LOST.send_event(ParcelLost {});
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn strict_sending_returns_a_panic_as_well() {
    let (runs, _connection) = count_runs(&PARCEL_FOUND);
    let _panics = PARCEL_FOUND.connect_with("panics", 0, |_| -> () { panic!("at once") });
    let error = PARCEL_FOUND
        .send_event_strict(ParcelFound {})
        .expect_err("it panics");
    assert!(error.is_panic());
    assert!(
        error
            .to_string()
            .ends_with("of `org.example.shop.parcel.found.v1` panicked: at once"),
        "{error}"
    );
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}

#[test]
fn nobody_is_there() {
    let responses = PARCEL_OPENED.send_event(ParcelOpened {});
    assert!(responses.is_empty() && responses.is_ok());
    assert_eq!((responses.len(), responses.iter().count()), (0, 0));
    assert_eq!(format!("{responses:?}"), "[]");
    assert!(
        PARCEL_OPENED
            .send_event_strict(ParcelOpened {})
            .expect("none fails")
            .is_empty()
    );
}

#[test]
fn responses_outlive_the_receivers_they_speak_of() {
    let connection = PARCEL_WEIGHED.connect_with("gone", 0, |_| Err("an error"));
    let responses = PARCEL_WEIGHED.send_event(ParcelWeighed {});
    drop(connection);
    assert!(PARCEL_WEIGHED.send_event(ParcelWeighed {}).is_empty());
    assert_eq!(format!("{responses:?}"), r#"[gone: Failed("an error")]"#);
}

#[test]
fn a_connection_ends_when_it_is_dropped_or_never() {
    let (runs, connection) = count_runs(&PARCEL_DROPPED);
    assert!(
        format!("{connection:?}").ends_with("of PARCEL_DROPPED)"),
        "{connection:?}"
    );
    PARCEL_DROPPED.send_event(ParcelDropped {});
    connection.disconnect();
    PARCEL_DROPPED.send_event(ParcelDropped {});
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    let (runs, connection) = count_runs(&PARCEL_DROPPED);
    connection.keep();
    PARCEL_DROPPED.send_event(ParcelDropped {});
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn closures_name_the_place_where_they_were_connected() {
    #[event(type = "org.example.shop.parcel.labelled.v1")]
    struct ParcelLabelled {}
    let line = line!() + 1;
    let _connection = PARCEL_LABELLED.connect(|_, _| ());
    let responses = PARCEL_LABELLED.send_event(ParcelLabelled {});
    let response = responses.iter().next().expect("one");
    assert_eq!(response.receiver().location.line, line);
    assert!(
        response
            .receiver()
            .id
            .ends_with(&format!("responses.rs:{line}"))
    );
}

/// The never type of a closure that does nothing but panic.
#[test]
#[expect(deprecated, reason = "the event is, and says so here, too")]
fn a_closure_that_only_panics_is_a_receiver() {
    let _scope = events_core::testing::scope();
    let _connection = DEPRECATED.connect(|_, _| panic!("as tests write it"));
    let responses = DEPRECATED.send_event(Deprecated { number: 1 });
    assert!(!responses.is_ok());
}

#[expect(deprecated, reason = "the event, and so its signal")]
mod deprecation {
    //! An event that is deprecated says so to those who use it, and its own code is quiet about it.
    #[events_core::receiver(super::DEPRECATED)]
    fn still_received(number: i64) {
        let _ = number;
    }
}

#[deprecated = "use another"]
#[events_core::event(type = "org.example.responses.deprecated.event.v1")]
struct Deprecated {
    number: i64,
}

/// Its `Drop` panics, too, when the last list that holds it is dropped: here by the sender.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("what the closure captured panics");
    }
}

mod dropped {
    #[events_core::event(type = "org.example.responses.closure.dropped.v1")]
    pub(super) struct Dropped {
        pub(super) number: i64,
    }
}

#[test]
fn a_closure_that_panics_when_it_is_dropped_reaches_nobody() {
    use std::sync::{Arc, Mutex};

    use dropped::{DROPPED, Dropped};

    for in_scope in [false, true] {
        let _scope = in_scope.then(events_core::testing::scope);
        let connection = Arc::new(Mutex::new(None));
        let captured = (PanicsOnDrop, connection.clone());
        let own = DROPPED.connect_with("disconnects itself", 0, move |_| {
            let (_panics, connection) = &captured;
            drop(connection.lock().map(|mut own| own.take()));
        });
        *connection.lock().expect("nobody panicked under the lock") = Some(own);
        assert!(DROPPED.send_event(Dropped { number: 1 }).is_ok());
        assert!(DROPPED.send_event(Dropped { number: 2 }).is_empty());

        let captured = PanicsOnDrop;
        drop(DROPPED.connect_with("dropped from outside", 0, move |_| {
            let _ = &captured;
        }));
    }
}

mod twice {
    #[events_core::event(type = "org.example.responses.received.twice.v1")]
    pub(super) struct Once {
        pub(super) number: i64,
    }

    #[events_core::event(type = "org.example.responses.received.again.v1")]
    pub(super) struct Again {
        pub(super) number: i64,
    }

    #[events_core::receiver(ONCE, id = "twice.once")]
    #[events_core::receiver(AGAIN, id = "twice.again", priority = 4)]
    fn twice(number: i64) {
        let _ = number;
    }
}

#[test]
fn a_function_may_be_annotated_twice_with_two_ids() {
    let once = twice::ONCE.send_event(twice::Once { number: 1 });
    let again = twice::AGAIN.send_event(twice::Again { number: 1 });
    let ids = |responses: &events_core::Responses| {
        responses
            .iter()
            .map(|response| response.receiver().id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&once), ["twice.once"]);
    assert_eq!(ids(&again), ["twice.again"]);
}
