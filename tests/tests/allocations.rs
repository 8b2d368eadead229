//! No allocation on the success path. In a binary of its own: `allocation-counter` is its global allocator. It counts
//! for each thread, so the tests may run in parallel.

use std::sync::atomic::{AtomicI64, Ordering};

use events_core::{Event, EventMetadata, Responses, Signal, event, receiver};

static SUM: AtomicI64 = AtomicI64::new(0);

/// Declares an event with this many receivers of each kind.
macro_rules! event_with {
    ($event:ident $signal:ident $type:literal, $($plain:ident)*; $($with_metadata:ident)*) => {
        #[event(type = $type)]
        struct $event {
            number: i64,
            text: String,
        }

        $(#[receiver($signal)]
        fn $plain(number: i64, text: &str) -> Result<(), std::io::Error> {
            SUM.fetch_add(number + i64::try_from(text.len()).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        })*

        $(#[receiver($signal)]
        fn $with_metadata(number: i64, metadata: &EventMetadata) {
            assert!(metadata.event_type().ends_with(".v1") && !metadata.id().is_nil());
            SUM.fetch_add(number + metadata.time().as_micros(), Ordering::Relaxed);
        })*
    };
}

event_with!(Zero ZERO "org.example.tests.allocations.zero.v1", ;);
event_with!(One ONE "org.example.tests.allocations.one.v1", one_a;);
event_with!(Four FOUR "org.example.tests.allocations.four.v1", four_a four_b four_c four_d;);
event_with!(Sixteen SIXTEEN "org.example.tests.allocations.sixteen.v1",
    x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15;);
event_with!(OneMeta ONE_META "org.example.tests.allocations.one_meta.v1", ; om_a);
event_with!(FourMeta FOUR_META "org.example.tests.allocations.four_meta.v1", ; fm_a fm_b fm_c fm_d);
event_with!(SixteenMeta SIXTEEN_META "org.example.tests.allocations.sixteen_meta.v1",
    m0 m1 m2 m3 m4 m5 m6 m7; m8 m9 m10 m11 m12 m13 m14 m15);
event_with!(Closure CLOSURE "org.example.tests.allocations.closure.v1", closure_a;);
event_with!(Lone LONE "org.example.tests.allocations.lone.v1", ;);
event_with!(Disabled DISABLED "org.example.tests.allocations.disabled.v1", disabled_a; disabled_b);
event_with!(Leaking LEAKING "org.example.tests.allocations.leaking.v1", leaking_a;);
event_with!(Failing FAILING "org.example.tests.allocations.failing.v1", ;);

/// Made where nothing is counted: the payload is the sender's.
macro_rules! event {
    ($event:ident) => {
        $event {
            number: 1,
            text: String::new(),
        }
    };
}

/// Allocations of a hundred sends, after a first one that may allocate.
#[track_caller]
fn allocations<E: Event>(signal: &'static Signal<E>, event: fn() -> E, receivers: usize) -> u64 {
    let send = || {
        let responses: Responses = signal.send_event(event());
        assert!(responses.is_ok());
        assert_eq!(responses.len(), receivers);
    };
    send();
    let robust = allocation_counter::measure(|| (0..100).for_each(|_| send()));
    let strict = allocation_counter::measure(|| {
        for _ in 0..100 {
            assert!(signal.send_event_strict(event()).is_ok());
        }
    });
    let metadata =
        EventMetadata::new(E::INFO.event_type).with_source("openedx/elsewhere/web".to_owned());
    let from_bus = allocation_counter::measure(|| {
        for _ in 0..100 {
            assert!(signal.send_event_with_metadata(event(), &metadata).is_ok());
        }
    });
    robust.count_total + strict.count_total + from_bus.count_total
}

#[test]
fn annotated_receivers() {
    assert_eq!(allocations(&ONE, || event!(One), 1), 0);
    assert_eq!(allocations(&FOUR, || event!(Four), 4), 0);
    assert_eq!(allocations(&SIXTEEN, || event!(Sixteen), 16), 0);
}

#[test]
fn annotated_receivers_that_read_metadata() {
    assert_eq!(allocations(&ONE_META, || event!(OneMeta), 1), 0);
    assert_eq!(allocations(&FOUR_META, || event!(FourMeta), 4), 0);
    assert_eq!(allocations(&SIXTEEN_META, || event!(SixteenMeta), 16), 0);
}

#[test]
fn connected_closures() {
    let _connection = CLOSURE.connect(|event, metadata| {
        SUM.fetch_add(event.number + metadata.minor_version(), Ordering::Relaxed);
    });
    assert_eq!(allocations(&CLOSURE, || event!(Closure), 2), 0);
    let _connection = LONE.connect_with("lone", 0, |event| {
        SUM.fetch_add(event.number, Ordering::Relaxed);
    });
    assert_eq!(allocations(&LONE, || event!(Lone), 1), 0);
}

#[test]
fn no_receivers_or_a_disabled_signal() {
    assert_eq!(allocations(&ZERO, || event!(Zero), 0), 0);
    DISABLED.disable();
    let first = allocation_counter::measure(|| {
        DISABLED.send_event(event!(Disabled));
    });
    assert_eq!(first.count_total, 0, "not even the first send");
    assert_eq!(allocations(&DISABLED, || event!(Disabled), 0), 0);
}

/// The counter counts: a failure has to be noted somewhere.
#[test]
fn a_failure_allocates() {
    let _connection = FAILING.connect_with("fails", 0, |_| Err("no"));
    let send = || assert!(!FAILING.send_event(event!(Failing)).is_ok());
    send();
    let counted = allocation_counter::measure(send);
    assert!(counted.count_total > 0);
    assert_eq!(counted.count_current, 0, "and nothing is leaked");
}

#[test]
fn a_thousand_sends_and_connections_leak_nothing() {
    let round = || {
        let connection = LEAKING.connect_with("fails", 0, |_| Err("no"));
        let responses = LEAKING.send_event(event!(Leaking));
        drop(connection);
        responses.into_result().expect_err("it fails");
    };
    round();
    let counted = allocation_counter::measure(|| (0..1000).for_each(|_| round()));
    assert_eq!(counted.count_current, 0);
}
