//! Outbox stores that are restored from a backup, cloned and shared.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod faults;
    pub mod producer;
}

use std::time::Duration;

use events_bus::transport::Position;

use support::faults::{Fault, Faults, Process};
use support::producer::{
    IDENTITY, LONG, OUTBOX, TOPIC, copy, drain, first_seen, incarnations, memory, numbers, put,
    start, start_with,
};

/// The lease of tests in which a process is paused beyond it.
const LEASE: Duration = Duration::from_millis(600);

#[test]
fn an_outbox_keeps_its_identity_over_restarts() {
    let (store, transport) = (memory(), memory());
    for first in [1, 11, 21] {
        put(&store, first..=first + 9);
        let bus = start(&store, &transport);
        bus.flush(LONG).unwrap();
        assert_eq!(bus.producer_stats().new_incarnations, 0);
        bus.shutdown(LONG).unwrap();
    }
    assert_eq!(numbers(&transport, TOPIC), (1..=30).collect::<Vec<_>>());
    assert_eq!(incarnations(&store).len(), 1);
}

#[test]
fn events_of_a_restored_store_are_not_lost() {
    let (store, transport) = (memory(), memory());
    put(&store, 1..=100);
    drain(&store, &transport);
    let backup = copy(&store);
    put(&store, 101..=200);
    drain(&store, &transport);
    // The rows 101 to 150 of the restored store have the numbers of other events.
    put(&backup, 301..=450);
    let bus = start(&backup, &transport);
    bus.flush(LONG).unwrap();
    assert_eq!(bus.producer_stats().new_incarnations, 1);
    bus.shutdown(LONG).unwrap();
    let expected: Vec<_> = (1..=200).chain(301..=450).collect();
    assert_eq!(numbers(&transport, TOPIC), expected);
    assert_eq!(incarnations(&backup).len(), 2);
    // It stays what it became.
    put(&backup, 451..=460);
    let bus = start(&backup, &transport);
    bus.flush(LONG).unwrap();
    assert_eq!(bus.producer_stats().new_incarnations, 0);
    bus.shutdown(LONG).unwrap();
    assert_eq!(numbers(&transport, TOPIC).len(), 360);
}

#[test]
fn a_backup_at_200_publishes_its_next_batch_although_the_transport_remembers_300() {
    let (store, transport) = (memory(), memory());
    put(&store, 1..=200);
    drain(&store, &transport);
    let backup = copy(&store);
    put(&store, 201..=300);
    drain(&store, &transport);
    put(&backup, 1_201..=1_250);
    drain(&backup, &transport);
    let expected: Vec<_> = (1..=300).chain(1_201..=1_250).collect();
    assert_eq!(numbers(&transport, TOPIC), expected);
}

#[test]
fn rows_that_waited_in_a_backup_are_published_twice_at_worst() {
    let (store, transport) = (memory(), memory());
    put(&store, 0..=0);
    drain(&store, &transport);
    put(&store, 1..=20);
    let backup = copy(&store);
    drain(&store, &transport);
    put(&store, 21..=30);
    drain(&store, &transport);
    put(&backup, 31..=40);
    let bus = start(&backup, &transport);
    bus.flush(LONG).unwrap();
    let stats = bus.producer_stats();
    assert_eq!(
        (stats.passed_over, stats.published, stats.new_incarnations),
        (0, 30, 1)
    );
    bus.shutdown(LONG).unwrap();
    let published = numbers(&transport, TOPIC);
    assert_eq!(first_seen(&published), (0..=40).collect::<Vec<_>>());
    assert_eq!(published.len(), 61);
}

#[test]
fn two_clones_of_a_store_publish_everything_once() {
    let (store, transport) = (memory(), memory());
    // The image is built: a bus was started once.
    put(&store, 1..=1);
    drain(&store, &transport);
    let clone = copy(&store);
    let buses = [start(&store, &transport), start(&clone, &transport)];
    for round in 0..20 {
        put(&store, 1_000 + round * 10..=1_009 + round * 10);
        put(&clone, 2_000 + round * 10..=2_009 + round * 10);
        buses[usize::from(round % 2 == 0)].flush(LONG).unwrap();
    }
    let mut changes = 0;
    for bus in buses {
        bus.flush(LONG).unwrap();
        changes += bus.producer_stats().new_incarnations;
        bus.shutdown(LONG).unwrap();
    }
    let published = numbers(&transport, TOPIC);
    for from in [1_000, 2_000] {
        let own = published
            .iter()
            .copied()
            .filter(|number| number / 1_000 * 1_000 == from);
        assert_eq!(
            own.collect::<Vec<_>>(),
            (from..from + 200).collect::<Vec<_>>()
        );
    }
    // Each of them takes an own identity at most once.
    assert!((1..=2).contains(&changes), "{changes}");
}

#[test]
fn a_clone_with_a_newer_epoch_is_noticed_as_well() {
    let (store, transport) = (memory(), memory());
    put(&store, 1..=5);
    drain(&store, &transport);
    let clone = copy(&store);
    for first in [6, 7, 8] {
        put(&clone, first + 1_000..=first + 1_000);
        drain(&clone, &transport);
    }
    put(&store, 6..=20);
    drain(&store, &transport);
    let expected: Vec<_> = (1..=5).chain(1_006..=1_008).chain(6..=20).collect();
    assert_eq!(numbers(&transport, TOPIC), expected);
}

#[test]
fn two_processes_share_a_store_and_one_is_paused_beyond_the_lease() {
    let (store, transport) = (memory(), memory());
    let paused = Process::default();
    let first = start_with(
        &Faults::pausable(&store, &paused),
        &Faults::pausable(&transport, &paused),
        |config| config.outbox.lease = LEASE,
    );
    put(&store, 1..=100);
    first.flush(LONG).unwrap();
    let second = start_with(&store, &transport, |config| config.outbox.lease = LEASE);
    for round in 1..=3 {
        // It is paused in the middle of something.
        paused.pause();
        put(&store, round * 100 + 1..=round * 100 + 100);
        second.flush(LONG).unwrap();
        paused.resume();
        first.flush(LONG).unwrap();
        std::thread::sleep(LEASE / 4);
    }
    for bus in [first, second] {
        assert_eq!(bus.producer_stats().new_incarnations, 0);
        bus.shutdown(LONG).unwrap();
    }
    assert_eq!(numbers(&transport, TOPIC), (1..=400).collect::<Vec<_>>());
    assert_eq!(incarnations(&store).len(), 1);
}

#[test]
fn a_publisher_that_loses_its_lead_within_a_batch_publishes_nothing() {
    let (store, transport) = (memory(), memory());
    put(&store, 1..=10);
    let process = Process::default();
    let pauses = process.clone();
    let mut batches = 0;
    // It is paused between its decision to publish the first batch and the call.
    let late = Faults::behind(&transport, &Process::default(), move |method| {
        if method == "publish_batch" {
            batches += 1;
            if batches == 1 {
                pauses.pause();
                return Fault::Takes(3 * 600);
            }
        }
        Fault::None
    });
    let first = start_with(&Faults::pausable(&store, &process), &late, |config| {
        config.outbox.lease = LEASE;
    });
    std::thread::sleep(LEASE / 2);
    let second = start_with(&store, &transport, |config| config.outbox.lease = LEASE);
    second.flush(LONG).unwrap();
    put(&store, 11..=20);
    second.flush(LONG).unwrap();
    std::thread::sleep(3 * LEASE);
    process.resume();
    put(&store, 21..=30);
    first.flush(LONG).unwrap();
    for bus in [first, second] {
        assert_eq!(bus.producer_stats().new_incarnations, 0);
        bus.shutdown(LONG).unwrap();
    }
    assert_eq!(numbers(&transport, TOPIC), (1..=30).collect::<Vec<_>>());
    // It has not even asked for another identity.
    assert_eq!(incarnations(&store).len(), 1);
}

#[test]
fn an_identity_that_was_taken_and_not_used_is_used_at_the_next_start() {
    let (store, transport) = (memory(), memory());
    put(&store, 1..=100);
    drain(&store, &transport);
    let backup = copy(&store);
    put(&store, 101..=200);
    drain(&store, &transport);
    put(&backup, 301..=310);
    // The restored store is disputed, takes a new identity, and the transport goes away.
    let mut batches = 0;
    let breaks = Faults::behind(&transport, &Process::default(), move |method| {
        batches += u32::from(method == "publish_batch");
        if batches > 1 {
            Fault::Fails
        } else {
            Fault::None
        }
    });
    let bus = start(&backup, &breaks);
    bus.flush(Duration::from_millis(500)).unwrap_err();
    assert_eq!(bus.producer_stats().new_incarnations, 1);
    bus.shutdown(Duration::from_millis(100)).unwrap_err();
    let bus = start(&backup, &transport);
    bus.flush(LONG).unwrap();
    let stats = bus.producer_stats();
    assert_eq!(
        (stats.new_incarnations, stats.republished, stats.lost),
        (0, 0, 0)
    );
    bus.shutdown(LONG).unwrap();
    let expected: Vec<_> = (1..=200).chain(301..=310).collect();
    assert_eq!(numbers(&transport, TOPIC), expected);
}

#[test]
fn the_lead_is_kept_while_a_call_takes_longer_than_the_lease() {
    let (store, transport) = (memory(), memory());
    let slow = Faults::behind(&transport, &Process::default(), |method| match method {
        "publish_batch" => Fault::Takes(3 * 600),
        _ => Fault::None,
    });
    put(&store, 1..=10);
    let first = start_with(&store, &slow, |config| config.outbox.lease = LEASE);
    std::thread::sleep(LEASE / 2);
    let second = start_with(&store, &transport, |config| config.outbox.lease = LEASE);
    second.flush(LONG).unwrap();
    assert_eq!(second.producer_stats().published, 0);
    assert_eq!(first.producer_stats().published, 10);
    for bus in [first, second] {
        bus.shutdown(LONG).unwrap();
    }
    assert_eq!(numbers(&transport, TOPIC), (1..=10).collect::<Vec<_>>());
}

#[test]
fn garbage_in_the_identity_does_not_stop_an_outbox() {
    let (store, transport) = (memory(), memory());
    put(&store, 1..=10);
    drain(&store, &transport);
    let good = incarnations(&store);
    let junk = [&b""[..], b"\xff\xfe", b"a b c", b"1-2 3", &[b' '; 10_000]];
    for body in junk {
        let metadata = events_core::EventMetadata::new("junk");
        let record = events_bus::Record::new(metadata, body);
        store.publish(IDENTITY, &[record]).unwrap();
    }
    put(&store, 11..=20);
    drain(&store, &transport);
    assert_eq!(numbers(&transport, TOPIC), (1..=20).collect::<Vec<_>>());
    let entries = store.read(IDENTITY, Position::Oldest, 100).unwrap();
    let last = entries.last().unwrap().record.as_ref().unwrap();
    assert!(last.body.starts_with(good[0].as_bytes()));
}

#[test]
fn the_identity_does_not_grow() {
    let (store, transport) = (memory(), memory());
    put(&store, 1..=1);
    for _ in 0..40 {
        drain(&store, &transport);
    }
    let entries = store.read(IDENTITY, Position::Oldest, 100).unwrap();
    assert!(entries.len() <= 16, "{}", entries.len());
    assert_eq!(store.read(OUTBOX, Position::Oldest, 10).unwrap().len(), 1);
}
