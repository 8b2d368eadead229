//! Testing scopes isolate tests of one process from each other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use events_core::testing::{self, Scope};
use events_core::{EventMetadata, Timestamp, event, receiver};

#[event(type = "org.example.tests.scopes.posted.v1")]
struct Posted {
    number: i64,
}

#[event(type = "org.example.tests.scopes.replied.v1")]
struct Replied {
    number: i64,
}

#[event(type = "org.example.tests.scopes.silent.v1")]
struct Silent {}

#[receiver(POSTED)]
fn reply(number: i64) {
    REPLIED.send_event(Replied { number });
}

fn post(number: i64) -> usize {
    POSTED.send_event(Posted { number }).len()
}

#[test]
fn two_hundred_tests_in_parallel_see_nothing_of_each_other() {
    const TESTS: i64 = 200;
    let start = Arc::new(Barrier::new(usize::try_from(TESTS).expect("small")));
    let tests: Vec<_> = (0..TESTS)
        .map(|test| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                let scope = testing::scope().with_counted_ids();
                let (posted, replied) = (scope.capture(&POSTED), scope.capture(&REPLIED));
                start.wait();
                let disabled = test % 5 == 0;
                if disabled {
                    REPLIED.disable();
                }
                let runs = Arc::new(AtomicUsize::new(0));
                let counted = Arc::clone(&runs);
                let connection = POSTED.connect(move |event, _| {
                    assert_eq!(event.number / 1000, test);
                    counted.fetch_add(1, Ordering::Relaxed);
                });
                for n in 0..20 {
                    assert_eq!(post(test * 1000 + n), 2);
                }
                drop(connection);
                assert_eq!(post(test * 1000 + 20), 1);
                assert_eq!(runs.load(Ordering::Relaxed), 20);
                let expected: Vec<_> = (0..21)
                    .map(|n| Posted {
                        number: test * 1000 + n,
                    })
                    .collect();
                posted.assert_sent_exactly(&expected);
                replied.assert_sent_times(if disabled { 0 } else { 21 });
                let ids: Vec<_> = posted
                    .sent()
                    .iter()
                    .map(|sent| sent.metadata.id())
                    .collect();
                assert!(ids.is_sorted(), "counted in this scope alone");
                assert_eq!(REPLIED.is_enabled(), !disabled);
            })
        })
        .collect();
    for test in tests {
        test.join().expect("no test fails");
    }
    assert!(REPLIED.is_enabled());
    assert_eq!(POSTED.receivers().len(), 1);
}

#[test]
fn nested_scopes_are_worlds_of_their_own() {
    let outer = testing::scope();
    let _connection = POSTED.connect(|_, _| ());
    REPLIED.disable();
    post(1);
    {
        let inner = testing::scope();
        assert!(REPLIED.is_enabled());
        assert_eq!(post(2), 1, "the outer closure is not connected here");
        inner
            .capture(&POSTED)
            .assert_sent_once_with(&Posted { number: 2 });
        inner.capture(&REPLIED).assert_sent_once();
    }
    assert!(!REPLIED.is_enabled());
    assert_eq!(post(3), 2);
    outer
        .capture(&POSTED)
        .assert_sent_exactly(&[Posted { number: 1 }, Posted { number: 3 }]);
}

#[test]
fn a_scope_ends_with_a_panic_too() {
    let outer = testing::scope();
    let panicked = catch_unwind(|| {
        let _inner = testing::scope().without_receivers();
        post(1);
        panic!("in the middle");
    });
    assert!(panicked.is_err());
    outer.assert_nothing_sent();
    post(2);
    outer.capture(&POSTED).assert_sent_once();
    assert_eq!(outer.sent_types().len(), 2);
}

#[test]
fn scopes_may_end_in_any_order() {
    let first = testing::scope();
    let second = testing::scope();
    drop(first);
    post(1);
    second.capture(&POSTED).assert_sent_once();
    drop(second);
    let third = testing::scope();
    post(2);
    third.capture(&POSTED).assert_sent_once();
    drop(third);
    thread_has_no_scope();
}

#[test]
fn a_scope_that_replaces_another_is_the_current_one() {
    let mut scope = testing::scope();
    post(1);
    scope.capture(&POSTED).assert_sent_once();
    scope = testing::scope();
    post(2);
    scope
        .capture(&POSTED)
        .assert_sent_once_with(&Posted { number: 2 });
    drop(scope);
    thread_has_no_scope();
}

/// Outside a scope, what a thread disables is disabled for all.
#[track_caller]
fn thread_has_no_scope() {
    // One test at a time: what is outside of scopes is the process's.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    SILENT.disable();
    let elsewhere = thread::spawn(|| SILENT.is_enabled())
        .join()
        .expect("no panic");
    SILENT.enable();
    assert!(!elsewhere, "this thread is still in a scope");
}

#[test]
fn threads_join_by_their_handle_and_leave_again() {
    let scope = testing::scope();
    let handle = scope.handle();
    thread::scope(|threads| {
        for number in 0..4 {
            let handle = handle.clone();
            threads.spawn(move || {
                // Not yet.
                REPLIED.send_event(Replied { number: -1 });
                let entered = handle.enter();
                post(number);
                drop(entered);
                REPLIED.send_event(Replied { number: -2 });
            });
        }
    });
    let mut posted: Vec<_> = scope
        .capture(&POSTED)
        .events()
        .iter()
        .map(|event| event.number)
        .collect();
    posted.sort_unstable();
    assert_eq!(posted, [0, 1, 2, 3]);
    let replied = scope.capture(&REPLIED).events();
    assert_eq!(replied.len(), 4);
    assert!(replied.iter().all(|event| event.number >= 0), "{replied:?}");
}

#[test]
fn what_has_not_joined_sees_nothing_of_a_scope() {
    let scope = testing::scope().without_receivers();
    let _connection = POSTED.connect(|_, _| -> () { panic!("not for others") });
    POSTED.disable();
    let responses = thread::spawn(|| post(1)).join().expect("no panic");
    assert_eq!(responses, 1, "the annotated receiver, and no other");
    scope.assert_nothing_sent();
}

#[test]
fn a_connection_outlives_its_scope_in_peace() {
    let scope = testing::scope();
    let connection = POSTED.connect(|_, _| ());
    drop(scope);
    assert_eq!(post(1), 1);
    drop(connection);
    assert_eq!(post(1), 1);
    // The other way round: what was connected outside is disconnected outside.
    let connection = SILENT.connect(|_, _| ());
    let scope = testing::scope();
    assert_eq!(
        SILENT.send_event(Silent {}).len(),
        0,
        "connected outside, not in here"
    );
    drop(connection);
    drop(scope);
}

fn dispatched(scope: &Scope) -> (usize, usize) {
    (scope.capture(&POSTED).len(), scope.capture(&REPLIED).len())
}

#[test]
fn without_receivers_only_what_the_test_connects_runs() {
    let scope = testing::scope().without_receivers();
    assert_eq!(post(1), 0);
    let _connection = POSTED.connect(|_, _| ());
    assert_eq!(post(2), 1);
    assert_eq!(POSTED.receivers().len(), 1);
    assert_eq!(dispatched(&scope), (2, 0));
}

#[test]
fn only_some_signals_are_enabled() {
    let scope = testing::scope().only(&[&POSTED]);
    assert!(POSTED.is_enabled() && !REPLIED.is_enabled() && !SILENT.is_enabled());
    post(1);
    assert_eq!(dispatched(&scope), (1, 0));
    REPLIED.enable();
    post(2);
    assert_eq!(dispatched(&scope), (2, 1));
}

#[test]
fn only_counts_for_signals_that_were_used_before() {
    let scope = testing::scope();
    REPLIED.send_event(Replied { number: 1 });
    SILENT.disable();
    let scope = scope.only(&[&POSTED, &SILENT]);
    assert!(!REPLIED.is_enabled() && SILENT.is_enabled());
    post(2);
    assert_eq!(dispatched(&scope), (1, 1));
}

#[test]
fn only_is_for_the_scope_it_is_called_on() {
    let outer = testing::scope();
    let inner = testing::scope();
    let outer = outer.only(&[&POSTED]);
    assert!(
        REPLIED.is_enabled(),
        "the inner scope has everything enabled"
    );
    drop(inner);
    assert!(POSTED.is_enabled() && !REPLIED.is_enabled());
    drop(outer);
}

#[test]
fn a_stopped_clock_and_counted_ids() {
    let start: Timestamp = "2026-01-02T03:04:05+00:00".parse().expect("a time");
    let scope = testing::scope().at(start).with_counted_ids();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let _connection = SILENT.connect(move |_, metadata| {
        noted.lock().expect("no panic").push(metadata.clone());
    });
    SILENT.send_event(Silent {});
    scope.advance(Duration::from_millis(1_500));
    SILENT.send_event(Silent {});
    SILENT.send_event_strict(Silent {}).expect("no failure");

    let sent = scope.capture(&SILENT).sent();
    let metadata: Vec<_> = sent.iter().map(|sent| sent.metadata.clone()).collect();
    assert_eq!(
        *seen.lock().expect("no panic"),
        metadata,
        "captured is what receivers saw"
    );
    let texts: Vec<_> = metadata
        .iter()
        .map(|metadata| format!("{} {}", metadata.id(), metadata.time()))
        .collect();
    assert_eq!(
        texts,
        [
            "00000000-0000-7000-8000-000000000001 2026-01-02T03:04:05+00:00",
            "00000000-0000-7000-8000-000000000002 2026-01-02T03:04:06.500000+00:00",
            "00000000-0000-7000-8000-000000000003 2026-01-02T03:04:06.500000+00:00",
        ]
    );
    let version = sent[0].metadata.id().get_version_num();
    assert_eq!(version, 7);
}

#[test]
fn a_running_clock_cannot_be_moved_nor_a_stopped_one_beyond_its_end() {
    let refused = |scope: &Scope, by| {
        let moved = catch_unwind(AssertUnwindSafe(|| scope.advance(by)));
        let payload = moved.expect_err("refused");
        let text = payload.downcast_ref::<&str>().expect("a literal");
        assert!(text.ends_with("stop it with `.at(time)`"), "{text}");
    };
    let scope = testing::scope();
    refused(&scope, Duration::from_secs(1));
    let scope = scope.at(Timestamp::MAX);
    refused(&scope, Duration::from_micros(1));
    refused(&scope, Duration::MAX);
}

#[test]
fn events_from_a_bus_keep_their_metadata_and_are_marked() {
    // Made elsewhere, as that of an event from a bus is.
    let metadata =
        EventMetadata::new("org.example.tests.scopes.silent.v1").with_source("openedx/cms/web");
    let scope = testing::scope()
        .at(Timestamp::UNIX_EPOCH)
        .with_counted_ids();
    SILENT.send_event_with_metadata(Silent {}, &metadata);
    SILENT.send_event(Silent {});
    let sent = scope.capture(&SILENT).sent();
    assert_eq!(sent[0].metadata, metadata);
    assert!(sent[0].from_event_bus && !sent[1].from_event_bus);
    assert_eq!(
        sent[1].metadata.id().as_u128() & 0xffff,
        1,
        "incoming events use up no id"
    );
}

/// What a test reads in its scope must not fix the name of the process.
#[test]
fn metadata_in_a_scope_is_the_scopes_own() {
    let time: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
    let scope = testing::scope().at(time).with_counted_ids();
    let metadata = EventMetadata::new("org.example.made.by.hand.v1");
    assert_eq!(metadata.time(), time);
    assert_eq!(
        metadata.id().to_string(),
        "00000000-0000-7000-8000-000000000001"
    );
    assert!(!metadata.source().is_empty());
    drop(scope);
}
