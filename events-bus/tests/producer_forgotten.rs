//! Transports that forget what they acknowledged, and the published rows that an outbox keeps for that.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod faults;
    mod orders;
    pub mod producer;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use events_bus::Bus;
use events_bus::config::{BusConfig, OutboxStore};
use events_bus::transport::{Position, SharedTransport};
use events_core::Event as _;

use support::bus::eventually;
use support::faults::{Fault, Faults, Process};
use support::producer::{
    LONG, OUTBOX, Replicated, TOPIC, drain, first_seen, memory, numbers, put, start_with,
};

order_events! {
    Flushed = "org.example.forgotten.order.flushed.v1";
}

/// Publishes rows in batches of ten, so that a replica may have some of them.
fn in_batches(store: &SharedTransport, transport: &SharedTransport) -> Bus {
    start_with(store, transport, |config| config.outbox.max_batch = 10)
}

fn all(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

#[test]
fn rows_that_a_lagging_replica_lacks_are_published_again() {
    let (store, server) = (memory(), Replicated::new());
    let transport: SharedTransport = server.clone();
    let bus = in_batches(&store, &transport);
    put(&store, 1..=100);
    bus.flush(LONG).unwrap();
    assert!(server.batches() >= 10);
    server.fail_over(7);
    let remembered = numbers(&transport, TOPIC).len() as u64;
    assert!(remembered < 100);
    put(&store, 101..=105);
    bus.flush(LONG).unwrap();
    assert_eq!(numbers(&transport, TOPIC), all(105));
    let stats = bus.producer_stats();
    assert_eq!((stats.republished, stats.lost), (100 - remembered, 0));
    assert_eq!(stats.published, 105);
    assert_eq!(stats.new_incarnations, 0);
    bus.shutdown(LONG).unwrap();
}

#[test]
fn an_emptied_server_gets_every_row_that_is_kept() {
    let (store, server) = (memory(), Replicated::new());
    let transport: SharedTransport = server.clone();
    let bus = in_batches(&store, &transport);
    put(&store, 1..=100);
    bus.flush(LONG).unwrap();
    server.fail_over(0);
    assert_eq!(numbers(&transport, TOPIC), [0; 0]);
    put(&store, 101..=101);
    bus.flush(LONG).unwrap();
    assert_eq!(numbers(&transport, TOPIC), all(101));
    let stats = bus.producer_stats();
    assert_eq!((stats.republished, stats.lost), (100, 0));
    bus.shutdown(LONG).unwrap();
}

#[test]
fn a_restart_finds_what_the_transport_forgot_meanwhile() {
    let (store, server) = (memory(), Replicated::new());
    let transport: SharedTransport = server.clone();
    let bus = in_batches(&store, &transport);
    put(&store, 1..=100);
    bus.flush(LONG).unwrap();
    bus.shutdown(LONG).unwrap();
    server.fail_over(4);
    put(&store, 101..=110);
    let bus = in_batches(&store, &transport);
    bus.flush(LONG).unwrap();
    assert!(bus.producer_stats().republished > 0);
    bus.shutdown(LONG).unwrap();
    assert_eq!(numbers(&transport, TOPIC), all(110));
}

#[test]
fn a_server_that_fails_over_during_the_repair_is_repaired() {
    let (store, server) = (memory(), Replicated::new());
    let healthy: SharedTransport = server.clone();
    let calls = Arc::new(AtomicUsize::new(usize::MAX / 2));
    let counted = Arc::clone(&calls);
    let fails_over = server.clone();
    let transport = Faults::behind(&healthy, &Process::default(), move |method| {
        if method == "publish_batch" {
            match counted.fetch_add(1, Ordering::SeqCst) {
                // First less is lost, then more.
                4 => fails_over.fail_over(6),
                8 => fails_over.fail_over(2),
                12 => return Fault::Applied,
                14 => return Fault::Unapplied,
                _ => {}
            }
        }
        Fault::None
    });
    let bus = in_batches(&store, &transport);
    put(&store, 1..=100);
    bus.flush(LONG).unwrap();
    server.fail_over(5);
    calls.store(0, Ordering::SeqCst);
    put(&store, 101..=110);
    bus.flush(LONG).unwrap();
    assert_eq!(numbers(&transport, TOPIC), all(110));
    assert!(calls.load(Ordering::SeqCst) > 14);
    assert_eq!(bus.producer_stats().lost, 0);
    bus.shutdown(LONG).unwrap();
}

#[test]
fn a_publisher_that_stops_during_the_repair_leaves_it_to_the_next() {
    let (store, server) = (memory(), Replicated::new());
    let transport: SharedTransport = server.clone();
    let bus = in_batches(&store, &transport);
    put(&store, 1..=100);
    bus.flush(LONG).unwrap();
    bus.shutdown(LONG).unwrap();
    server.fail_over(3);
    put(&store, 101..=110);
    let mut batches = 0;
    let breaks = Faults::behind(&transport, &Process::default(), move |method| {
        batches += usize::from(method == "publish_batch");
        if batches > 4 {
            Fault::Fails
        } else {
            Fault::None
        }
    });
    let bus = in_batches(&store, &breaks);
    bus.flush(Duration::from_millis(500)).unwrap_err();
    bus.shutdown(Duration::from_millis(100)).unwrap_err();
    let some = numbers(&transport, TOPIC).len();
    assert!((31..110).contains(&some), "{some}");
    drain(&store, &transport);
    assert_eq!(numbers(&transport, TOPIC), all(110));
}

#[test]
fn a_memory_outbox_reports_what_is_lost_and_goes_on() {
    let server = Replicated::new();
    let transport: SharedTransport = server.clone();
    let mut config = BusConfig::memory()
        .with_route(Flushed::INFO.event_type, TOPIC)
        .with_outbox(OutboxStore::Memory);
    config.outbox.max_batch = 10;
    let bus = Bus::builder(config).transport(transport).start().unwrap();
    for number in 0..30 {
        assert!(FLUSHED.send_event(Flushed::of(number)).is_ok());
    }
    bus.flush(LONG).unwrap();
    server.fail_over(0);
    assert!(FLUSHED.send_event(Flushed::of(30)).is_ok());
    bus.flush(LONG).unwrap();
    let stats = bus.producer_stats();
    assert_eq!(
        (stats.lost, stats.republished, stats.published),
        (30, 0, 31)
    );
    let shared = bus.transport().unwrap();
    assert_eq!(shared.read(TOPIC, Position::Oldest, 100).unwrap().len(), 1);
    bus.shutdown(LONG).unwrap();
}

#[test]
fn an_idle_publisher_notices_a_failover_and_then_removes_its_rows() {
    let (store, server) = (memory(), Replicated::new());
    let transport: SharedTransport = server.clone();
    let bus = in_batches(&store, &transport);
    put(&store, 1..=1);
    bus.flush(LONG).unwrap();
    put(&store, 2..=100);
    bus.flush(LONG).unwrap();
    let rows = || store.status(OUTBOX).unwrap().unwrap().entries;
    assert_eq!(rows(), 100);
    // Nothing is sent after this.
    server.fail_over(1);
    assert_eq!(numbers(&transport, TOPIC), [1]);
    eventually(
        || numbers(&transport, TOPIC).len() == 100,
        || format!("the rows come back: {:?}", numbers(&transport, TOPIC)),
    );
    assert_eq!(numbers(&transport, TOPIC), all(100));
    assert_eq!(bus.producer_stats().republished, 99);
    // The transport is away when the rows could go, and they stay.
    assert_eq!(rows(), 100);
    std::thread::sleep(Duration::from_secs(10));
    eventually(|| rows() == 1, || format!("one row stays: {}", rows()));
    // More is forgotten than is kept.
    server.fail_over(0);
    put(&store, 101..=101);
    bus.flush(LONG).unwrap();
    assert_eq!(numbers(&transport, TOPIC), [100, 101]);
    assert_eq!(bus.producer_stats().lost, 99);
    bus.shutdown(LONG).unwrap();
}

#[test]
fn rows_stay_while_the_transport_cannot_be_asked() {
    let (store, server) = (memory(), Replicated::new());
    let healthy: SharedTransport = server.clone();
    let down = Arc::new(AtomicUsize::new(0));
    let is_down = Arc::clone(&down);
    let transport = Faults::behind(&healthy, &Process::default(), move |_| {
        match is_down.load(Ordering::SeqCst) {
            0 => Fault::None,
            _ => Fault::Fails,
        }
    });
    let bus = in_batches(&store, &transport);
    put(&store, 1..=100);
    bus.flush(LONG).unwrap();
    down.store(1, Ordering::SeqCst);
    std::thread::sleep(Duration::from_secs(23));
    assert_eq!(store.status(OUTBOX).unwrap().unwrap().entries, 100);
    server.fail_over(1);
    down.store(0, Ordering::SeqCst);
    eventually(
        || numbers(&healthy, TOPIC).len() == 100,
        || "the rows come back".to_owned(),
    );
    assert_eq!(first_seen(&numbers(&healthy, TOPIC)), all(100));
    bus.shutdown(LONG).unwrap();
}
