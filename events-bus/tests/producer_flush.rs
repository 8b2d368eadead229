//! `flush`, `waiting` and `shutdown` do not say that nothing waits while something does.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod faults;
    pub mod flaky;
    mod orders;
    pub mod producer;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use events_bus::config::{BusConfig, OutboxStore};
use events_bus::transport::{EntryId, SharedTransport};
use events_bus::{Bus, StartProblem};
use events_core::Event as _;

use support::bus::eventually;
use support::faults::{Fault, Faults, Process};
use support::flaky::Flaky;
use support::producer::{LONG, OUTBOX, TOPIC, memory, numbers, put, start, start_with};

order_events! {
    Observed = "org.example.flush.order.observed.v1";
    Panicking = "org.example.flush.order.panicking.v1";
}

const SHORT: Duration = Duration::from_millis(200);

/// A transport that does not answer.
fn down() -> SharedTransport {
    Faults::behind(&memory(), &Process::default(), |_| Fault::Fails)
}

#[test]
fn a_backlog_counts_from_the_first_moment() {
    let store = memory();
    put(&store, 1..=5_000);
    let bus = start(&store, &down());
    assert_eq!(bus.waiting().unwrap(), 5_000);
    let error = bus.flush(SHORT).unwrap_err();
    assert_eq!(error.waiting, 5_000);
    let text = error.to_string();
    assert!(
        text.starts_with("5000 events still wait to be published"),
        "{text}"
    );
    let error = bus.shutdown(SHORT).unwrap_err();
    assert_eq!((error.waiting, error.lost), (5_000, false));
    // The second start, nothing sent.
    let bus = start(&store, &down());
    assert_eq!(bus.flush(Duration::ZERO).unwrap_err().waiting, 5_000);
    assert_eq!(bus.shutdown(Duration::ZERO).unwrap_err().waiting, 5_000);
}

#[test]
fn rows_of_other_processes_count() {
    let (store, transport) = (memory(), memory());
    let held = Faults::behind(&transport, &Process::default(), |method| match method {
        "publish_batch" => Fault::Takes(400),
        _ => Fault::None,
    });
    let leader = start(&store, &held);
    leader.flush(LONG).unwrap();
    let standby = start(&store, &transport);
    put(&store, 1..=100);
    assert!(standby.waiting().unwrap() > 0);
    let began = Instant::now();
    standby.flush(LONG).unwrap();
    assert!(began.elapsed() > SHORT);
    assert_eq!(numbers(&transport, TOPIC).len(), 100);
    assert_eq!(standby.waiting().unwrap(), 0);
    for bus in [leader, standby] {
        bus.shutdown(LONG).unwrap();
    }
}

#[test]
fn events_that_come_after_the_call_are_not_waited_for() {
    let (store, transport) = (memory(), memory());
    let bus = start_with(&store, &transport, |config| config.outbox.max_batch = 10);
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !ends.load(Ordering::SeqCst) {
                // Something waits at every moment.
                put(&store, number..=number + 99);
                number += 100;
                while bus.waiting().unwrap() > 300 && !ends.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
            }
        });
        for _ in 0..20 {
            let began = Instant::now();
            let before = store.status(OUTBOX).unwrap().unwrap().newest;
            let flushed = bus.flush(LONG);
            if flushed.is_err() || began.elapsed() > LONG / 2 {
                ends.store(true, Ordering::SeqCst);
            }
            flushed.unwrap();
            let there = numbers(&transport, TOPIC).len() as u64;
            assert!(
                there >= before.map_or(0, EntryId::major),
                "{there} of {before:?}"
            );
        }
        ends.store(true, Ordering::SeqCst);
    });
    bus.shutdown(LONG).unwrap();
}

#[test]
fn a_store_that_cannot_be_asked_is_an_error() {
    let (inner, transport) = (memory(), memory());
    let broken = Arc::new(AtomicBool::new(false));
    let is_broken = Arc::clone(&broken);
    let store = Faults::behind(&inner, &Process::default(), move |_| {
        if is_broken.load(Ordering::SeqCst) {
            Fault::Fails
        } else {
            Fault::None
        }
    });
    let bus = start(&store, &transport);
    put(&inner, 1..=3);
    bus.flush(LONG).unwrap();
    broken.store(true, Ordering::SeqCst);
    let text = bus.flush(SHORT).unwrap_err().to_string();
    assert!(
        text.contains("cannot tell how many events still wait"),
        "{text}"
    );
    assert!(text.contains("faults: status failed"), "{text}");
    assert!(bus.waiting().is_err());
    let error = bus.shutdown(SHORT).unwrap_err();
    assert!(error.unknown.is_some());
    assert!(!error.lost);
    // It does not start on such a store either.
    let config = BusConfig::memory();
    let started = Bus::builder(config)
        .transport(transport)
        .outbox(store)
        .start();
    let error = started.unwrap_err();
    assert!(
        matches!(error.problems(), [StartProblem::Transport(_)]),
        "{error}"
    );
}

#[test]
fn an_observer_that_panics_is_counted() {
    let transport = Arc::new(Flaky::default());
    let config = BusConfig::memory()
        .with_route(Observed::INFO.event_type, TOPIC)
        .with_outbox(OutboxStore::Memory);
    let shared: SharedTransport = transport;
    let bus = Bus::builder(config)
        .transport(shared)
        .on_published(|_| panic!("the observer was told to panic"))
        .start()
        .unwrap();
    for number in 0..5 {
        assert!(OBSERVED.send_event(Observed::of(number)).is_ok());
    }
    bus.flush(LONG).unwrap();
    let stats = bus.producer_stats();
    assert_eq!(
        (stats.published, stats.observer_panics, stats.panics),
        (5, 5, 0)
    );
    bus.shutdown(LONG).unwrap();
}

#[test]
fn a_transport_that_panics_loses_nothing_and_is_reported() {
    let transport = Arc::new(Flaky::default());
    transport.panics.store(usize::MAX, Ordering::SeqCst);
    let config = BusConfig::memory()
        .with_route(Panicking::INFO.event_type, TOPIC)
        .with_outbox(OutboxStore::Memory);
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    let bus = Bus::builder(config)
        .transport(Arc::clone(&shared))
        .start()
        .unwrap();
    for number in 0..5 {
        assert!(PANICKING.send_event(Panicking::of(number)).is_ok());
    }
    // The trace of a panic takes its time.
    let panics = || bus.producer_stats().panics;
    eventually(|| panics() > 0, || "a panic is counted".to_owned());
    let error = bus.flush(SHORT).unwrap_err();
    assert_eq!(error.waiting, 5);
    let text = error.to_string();
    assert!(
        text.contains("a publisher panicked: the transport was told to panic"),
        "{text}"
    );
    transport.panics.store(2, Ordering::SeqCst);
    bus.flush(LONG).unwrap();
    assert_eq!(bus.producer_stats().published, 5);
    transport.panics.store(usize::MAX, Ordering::SeqCst);
    assert!(PANICKING.send_event(Panicking::of(5)).is_ok());
    let error = bus.shutdown(SHORT).unwrap_err();
    assert_eq!((error.waiting, error.lost), (1, true));
}

#[test]
fn a_store_that_panics_anywhere_loses_nothing() {
    for method in [
        "join", "lead", "status", "read", "publish", "claim", "receive", "settle", "trim", "renew",
    ] {
        for fault in [Fault::Panics, Fault::PanicsApplied] {
            let (inner, transport) = (memory(), memory());
            put(&inner, 1..=50);
            // The start itself asks, too.
            let left = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&left);
            let store = Faults::behind(&inner, &Process::default(), move |called| {
                if called == method && Flaky::takes(&counter) {
                    return fault;
                }
                Fault::None
            });
            let bus = start_with(&store, &transport, |config| {
                config.outbox.max_batch = 10;
                config.outbox.lease = Duration::from_millis(300);
            });
            left.store(2, Ordering::SeqCst);
            for round in 1..5 {
                // Panics reach whoever calls, so the rows come in beside the faults.
                put(&inner, round * 50 + 1..=round * 50 + 50);
                std::thread::sleep(Duration::from_millis(60));
            }
            left.store(0, Ordering::SeqCst);
            bus.flush(LONG).unwrap();
            assert_eq!(
                numbers(&transport, TOPIC),
                (1..=250).collect::<Vec<_>>(),
                "{method} {fault:?}"
            );
            bus.shutdown(LONG).unwrap();
        }
    }
}
