//! A receiver that does not come back, among others of its event: each of the others runs as often as it should.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::SharedTransport;
use events_bus::transport::memory::MemoryTransport;
use events_bus::{Bus, Record};
use events_core::{Connection, Event, EventMetadata, Signal, event};

use support::bus::{Log, quick, settled, stop};

#[event(type = "org.example.hanging.order.alone.v1", key = customer)]
struct Alone {
    customer: String,
}

#[event(type = "org.example.hanging.order.late.v1", key = customer)]
struct Late {
    customer: String,
}

#[event(type = "org.example.hanging.order.failed.v1", key = customer)]
struct FailedBefore {
    customer: String,
}

#[event(type = "org.example.hanging.order.slow.v1", key = customer)]
struct Slow {
    customer: String,
}

const LIMIT: Duration = Duration::from_millis(300);

/// A consumer of the topic `t`, whose receivers may take no longer than that.
fn start(transport: &SharedTransport) -> Bus {
    let mut config = quick(BusConfig::memory().with_subscription("g", &["t"]));
    config.consumer.receiver_timeout = LIMIT;
    config.retry.max_attempts = 3;
    Bus::builder(config)
        .transport(Arc::clone(transport))
        .start()
        .unwrap()
}

fn publish<E: Event>(transport: &SharedTransport, event: &E) {
    let record = Record::new(
        EventMetadata::new(E::INFO.event_type),
        events_bus::wire::encode(event).unwrap(),
    );
    transport
        .publish("t", &[record.with_key(Event::key(event))])
        .unwrap();
}

fn logs<E: Event>(
    signal: &'static Signal<E>,
    log: &Log,
    id: &'static str,
    priority: i32,
) -> Connection {
    let log = log.clone();
    signal.connect_with(id, priority, move |_| log.add(id))
}

/// Takes its time when it is called first.
fn hangs<E: Event>(signal: &'static Signal<E>, log: &Log, time: Duration) -> Connection {
    let (log, calls) = (log.clone(), AtomicUsize::new(0));
    signal.connect_with("hangs", 0, move |_| {
        log.add("hangs");
        if calls.fetch_add(1, Ordering::Relaxed) == 0 {
            thread::sleep(time);
        }
    })
}

#[test]
fn who_was_through_is_not_run_again() {
    let log = Log::default();
    let _connections = [
        logs(&ALONE, &log, "before", -1),
        hangs(&ALONE, &log, Duration::from_hours(1)),
        logs(&ALONE, &log, "behind", 1),
    ];
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let bus = start(&transport);
    publish(
        &transport,
        &Alone {
            customer: "ada".into(),
        },
    );
    settled(&transport, "t", "g");
    let mut lines = log.lines();
    lines.sort();
    assert_eq!(lines, ["before", "behind", "hangs", "hangs"]);
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 0);
    stop(bus);
}

#[test]
fn who_comes_back_late_runs_nobody_else() {
    let log = Log::default();
    let _connections = [
        hangs(&LATE, &log, LIMIT * 4),
        logs(&LATE, &log, "behind", 1),
    ];
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let bus = start(&transport);
    publish(
        &transport,
        &Late {
            customer: "ada".into(),
        },
    );
    settled(&transport, "t", "g");
    // By then it has come back.
    thread::sleep(LIMIT * 6);
    let mut lines = log.lines();
    lines.sort();
    assert_eq!(lines, ["behind", "hangs", "hangs"]);
    stop(bus);
}

#[test]
fn who_had_failed_is_tried_again() {
    let log = Log::default();
    let (fails, panics) = (log.clone(), log.clone());
    let (failed, panicked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let _connections = [
        FAILED_BEFORE.connect_with("fails", -2, move |_| {
            fails.add("fails");
            match failed.fetch_add(1, Ordering::Relaxed) {
                0 => Err("the first time"),
                _ => Ok(()),
            }
        }),
        FAILED_BEFORE.connect_with("panics", -1, move |_| {
            panics.add("panics");
            assert!(
                panicked.fetch_add(1, Ordering::Relaxed) > 0,
                "the first time"
            );
        }),
        hangs(&FAILED_BEFORE, &log, Duration::from_hours(1)),
    ];
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let bus = start(&transport);
    publish(
        &transport,
        &FailedBefore {
            customer: "ada".into(),
        },
    );
    settled(&transport, "t", "g");
    let mut lines = log.lines();
    lines.sort();
    assert_eq!(
        lines,
        ["fails", "fails", "hangs", "hangs", "panics", "panics"]
    );
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 0);
    stop(bus);
}

#[test]
fn the_time_is_each_receivers_own() {
    let log = Log::default();
    let slow = |id: &'static str| {
        let log = log.clone();
        SLOW.connect_with(id, 0, move |_| {
            log.add(id);
            thread::sleep(LIMIT.mul_f64(0.6));
        })
    };
    let _connections = ["a", "b", "c", "d", "e"].map(slow);
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let bus = start(&transport);
    publish(
        &transport,
        &Slow {
            customer: "ada".into(),
        },
    );
    settled(&transport, "t", "g");
    assert_eq!(log.lines(), ["a", "b", "c", "d", "e"]);
    stop(bus);
}
