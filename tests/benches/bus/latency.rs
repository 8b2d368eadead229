//! From the send in one thread until the receiver is called in another, at a tenth of the largest load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use events_bus::Bus;
use events_bus::config::{BusConfig, OutboxStore, WhenFull};
use events_bus::transport::SharedTransport;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport};
use events_catalog::learning::{COURSE_ENROLLMENT_CREATED, CourseEnrollmentCreated};
use events_core::{AnyEvent, AnySignal, BoxError, Connection, Delivery, Event, Timestamp};

use crate::memory::{HANDLED, wait_for};
use crate::redis_process::RedisServer;
use crate::{quiet, rate, redis_server, samples, timed};

/// Microseconds since the send, while they are looked at.
static LATENCIES: Mutex<Vec<f64>> = Mutex::new(Vec::new());
static LOOKING: AtomicBool = AtomicBool::new(false);

/// How long the load lasts that latencies are measured in.
const LASTS: f64 = 5.0;
/// No more than this is asked of a pacing thread.
const FASTEST: f64 = 20_000.0;

/// Connected while latencies are measured alone, so that it costs the other measurements nothing.
fn connect_clock() -> Connection {
    let signal: &'static dyn AnySignal = &COURSE_ENROLLMENT_CREATED;
    signal.connect_any(
        "bench.clock",
        0,
        |_: AnyEvent<'_>, delivery: &Delivery<'_>| {
            if delivery.from_event_bus() && LOOKING.load(Ordering::Acquire) {
                let sent = delivery.metadata().time().as_micros();
                let micros = Timestamp::now().as_micros() - sent;
                let mut latencies = LATENCIES.lock().unwrap_or_else(PoisonError::into_inner);
                latencies.push(micros as f64);
            }
            Ok::<(), BoxError>(())
        },
    )
}

pub(crate) fn run() {
    let _clock = connect_clock();
    println!(
        "from the send until the receiver, one sender and one worker, at a tenth of the largest load\n"
    );
    println!("| transport, outbox | largest, events per second | load | p50, µs | p99, µs |");
    println!("| --- | --- | --- | --- | --- |");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| -> SharedTransport {
        let path = folder.path().join(name);
        Arc::new(SqliteTransport::open(path, SqliteOptions::default()).unwrap())
    };
    let memory =
        || -> SharedTransport { Arc::new(MemoryTransport::bounded(4000, Duration::from_mins(1))) };
    one(
        "memory, none between",
        memory(),
        OutboxStore::Transport,
        100_000,
    );
    one("memory, memory", memory(), OutboxStore::Memory, 100_000);
    one(
        "sqlite (full), none between",
        file("direct.db"),
        OutboxStore::Transport,
        3_000,
    );
    one(
        "sqlite (full), memory",
        file("outbox.db"),
        OutboxStore::Memory,
        50_000,
    );
    if redis_server::is_installed() {
        let server = RedisServer::start();
        let transport = Arc::new(server.transport());
        one("redis, memory", transport, OutboxStore::Memory, 50_000);
    }
    println!();
}

fn one(name: &str, transport: SharedTransport, store: OutboxStore, count: usize) {
    let event_type = CourseEnrollmentCreated::INFO.event_type;
    let mut config = quiet(
        BusConfig::memory()
            .with_route(event_type, "enrollments")
            .with_subscription("bench", &["enrollments"])
            .with_outbox(store),
    );
    config.outbox.capacity = 4_000;
    config.outbox.when_full = WhenFull::Block(Duration::from_mins(1));
    let bus = Bus::builder(config).transport(transport).start().unwrap();
    let event = samples::enrollment();
    let send = || {
        let event = CourseEnrollmentCreated::clone(&event);
        assert!(COURSE_ENROLLMENT_CREATED.send_event(event).is_ok());
    };

    HANDLED.store(0, Ordering::Release);
    let elapsed = timed(|| {
        (0..count).for_each(|_| send());
        wait_for(count);
    });
    let largest = rate(count, elapsed);

    let load = (largest / 10.0).min(FASTEST);
    let count = (load * LASTS) as usize;
    HANDLED.store(0, Ordering::Release);
    LOOKING.store(true, Ordering::Release);
    let began = Instant::now();
    for index in 0..count {
        let due = Duration::from_secs_f64(index as f64 / load);
        // Sleeping is not exact to a few ten microseconds, which makes small bursts, as there are in life.
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        send();
    }
    wait_for(count);
    LOOKING.store(false, Ordering::Release);
    let mut all = std::mem::take(&mut *LATENCIES.lock().unwrap_or_else(PoisonError::into_inner));
    all.sort_by(f64::total_cmp);
    let at = |part: f64| all[((all.len() - 1) as f64 * part) as usize];
    println!(
        "| {name} | {largest:.0} | {load:.0} | {:.0} | {:.0} |",
        at(0.5),
        at(0.99)
    );
    bus.shutdown(Duration::from_mins(1)).unwrap();
}
