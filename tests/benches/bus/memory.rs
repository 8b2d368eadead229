//! The whole trip through a bus in memory: send, encode, publish, receive, decode, dispatch, settle.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use events_bus::config::{BusConfig, OutboxStore, WhenFull};
use events_bus::transport::memory::MemoryTransport;
use events_bus::{Bus, wire};
use events_catalog::learning::{COURSE_ENROLLMENT_CREATED, CourseEnrollmentCreated};
use events_core::{Event, receiver};

use crate::{duel, quiet, rate, row, samples, timed};

const EVENTS: usize = 200_000;

/// How many came from the bus.
pub(crate) static HANDLED: AtomicUsize = AtomicUsize::new(0);

#[receiver(COURSE_ENROLLMENT_CREATED)]
fn handle(event: &CourseEnrollmentCreated, from_event_bus: bool) {
    if from_event_bus {
        black_box(event);
        HANDLED.fetch_add(1, Ordering::Release);
    }
}

pub(crate) fn wait_for(count: usize) {
    while HANDLED.load(Ordering::Acquire) < count {
        std::thread::sleep(Duration::from_micros(100));
    }
}

pub(crate) fn run() {
    let event = samples::enrollment();
    let bar = || {
        let elapsed = timed(|| {
            let (sender, receiver) = crossbeam_channel::bounded::<Vec<u8>>(1000);
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    for body in receiver {
                        let event: CourseEnrollmentCreated = wire::decode(&body, 0).unwrap();
                        black_box(&event);
                    }
                });
                for _ in 0..EVENTS {
                    let event = CourseEnrollmentCreated::clone(&event);
                    sender.send(wire::encode(&event).unwrap()).unwrap();
                }
                drop(sender);
            });
        });
        rate(EVENTS, elapsed)
    };
    let ours = |store| {
        let mut config = BusConfig::memory()
            .with_route(CourseEnrollmentCreated::INFO.event_type, "enrollments")
            .with_subscription("bench", &["enrollments"])
            .with_outbox(store);
        config.outbox.capacity = 4000;
        config.outbox.when_full = WhenFull::Block(Duration::from_mins(1));
        let transport = MemoryTransport::bounded(4000, Duration::from_mins(1));
        let bus = Bus::builder(quiet(config))
            .transport(Arc::new(transport))
            .start()
            .unwrap();
        HANDLED.store(0, Ordering::Release);
        let elapsed = timed(|| {
            for _ in 0..EVENTS {
                let event = CourseEnrollmentCreated::clone(&event);
                assert!(COURSE_ENROLLMENT_CREATED.send_event(event).is_ok());
            }
            wait_for(EVENTS);
        });
        bus.shutdown(Duration::from_mins(1)).unwrap();
        rate(EVENTS, elapsed)
    };
    println!("the whole trip through memory, {EVENTS} enrollments; medians of events per second\n");
    println!("| | by hand: clone, encode, channel, decode | the bus | ratio | bar | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (store, name) in [
        (OutboxStore::Transport, "straight into the transport"),
        (OutboxStore::Memory, "with an outbox in memory"),
    ] {
        let (bar, ours) = duel(7, bar, || ours(store.clone()));
        row(name, bar, ours, 0.5);
    }
    println!();
}
