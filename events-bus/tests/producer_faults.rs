//! Random faults at every call of an outbox: a ledger of what was stored is compared with the topic.
//!
//! `EVENTS_FAULT_SEEDS=1000` tries more, and `EVENTS_FAULT_SEED=17` one of them.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod faults;
    mod orders;
    pub mod producer;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use events_bus::Bus;
use events_bus::config::{BusConfig, OutboxStore};
use events_bus::transport::{Position, SharedTransport};
use events_core::Event as _;
use fastrand::Rng;

use support::faults::{Fault, Faults, Process};
use support::producer::{
    LONG, Replicated, TOPIC, copy, first_seen, incarnations, memory, numbers, put, start_with,
};

order_events! {
    Queued = "org.example.faults.order.queued.v1";
}

const LEASE: Duration = Duration::from_millis(200);

/// Faults that are random until they end.
#[derive(Clone, Default)]
struct Chaos {
    ends: Arc<AtomicBool>,
    /// Number of faults.
    count: Arc<AtomicU32>,
}

impl Chaos {
    /// Breaks about one of `one_of` calls.
    fn breaks(
        &self,
        inner: &SharedTransport,
        process: &Process,
        one_of: u32,
        mut random: Rng,
    ) -> SharedTransport {
        let chaos = self.clone();
        Faults::behind(inner, process, move |_| {
            // The thread of the test starts, flushes and stops without faults.
            let is_calm = chaos.ends.load(Ordering::SeqCst) || !is_of_bus();
            if is_calm || random.u32(..one_of) > 0 {
                return Fault::None;
            }
            chaos.count.fetch_add(1, Ordering::SeqCst);
            match random.u32(..12) {
                0..=2 => Fault::Fails,
                3..=6 => Fault::Applied,
                7..=8 => Fault::Unapplied,
                9 => Fault::Panics,
                10 => Fault::PanicsApplied,
                _ => Fault::Takes(random.u64(..40)),
            }
        })
    }

    fn end(&self) {
        self.ends.store(true, Ordering::SeqCst);
    }
}

/// Runs a test with several seeds, and says which one failed.
fn with_seeds(default: u64, test: impl Fn(u64)) {
    let variable = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let seeds = match variable("EVENTS_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..variable("EVENTS_FAULT_SEEDS").unwrap_or(default),
    };
    for seed in seeds {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(seed)));
        if let Err(panic) = result {
            let text = panic.downcast_ref::<String>().cloned();
            panic!("EVENTS_FAULT_SEED={seed}: {}", text.unwrap_or_default());
        }
    }
}

/// Returns `true` on a thread of a bus.
fn is_of_bus() -> bool {
    let thread = std::thread::current();
    thread
        .name()
        .is_some_and(|name| name.starts_with("events-"))
}

/// Panics of a transport are wanted here, and their traces only hide what failed.
fn hide_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_of_bus() {
                hook(panic);
            }
        }));
    });
}

/// A process that publishes an outbox behind faults.
struct Publisher {
    process: Process,
    bus: Option<Bus>,
}

impl Publisher {
    fn start(
        store: &SharedTransport,
        transport: &SharedTransport,
        chaos: &Chaos,
        random: &mut Rng,
    ) -> Self {
        let process = Process::default();
        let one_of = random.u32(12..80);
        let max_batch = random.usize(1..40);
        let transport = chaos.breaks(transport, &process, one_of, random.fork());
        let store = chaos.breaks(store, &process, one_of, random.fork());
        let bus = start_with(&store, &transport, |config| {
            config.outbox.lease = LEASE;
            config.outbox.max_batch = max_batch;
        });
        Self {
            process,
            bus: Some(bus),
        }
    }

    fn stop(&mut self) {
        self.process.resume();
        if let Some(bus) = self.bus.take() {
            // Whether everything was published in this time is not the question.
            drop(bus.shutdown(Duration::from_millis(20)));
        }
    }
}

#[test]
fn a_shared_store_publishes_every_row_once_and_in_order() {
    let total = AtomicU32::new(0);
    with_seeds(15, |seed| {
        let store = memory();
        shared_store(seed, || Arc::clone(&store), &total);
    });
    assert!(total.into_inner() > 20, "few faults happened");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_shared_file_publishes_every_row_once_and_in_order() {
    use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};

    let total = AtomicU32::new(0);
    with_seeds(6, |seed| {
        let folder = tempfile::tempdir().unwrap();
        let open = || -> SharedTransport {
            let mut options = SqliteOptions::default();
            options.sync = Sync::Normal;
            let path = folder.path().join("outbox.db");
            Arc::new(SqliteTransport::open(path, options).unwrap())
        };
        shared_store(seed, open, &total);
    });
    assert!(total.into_inner() > 10, "few faults happened");
}

/// Publishes a store from several processes, each of which opens it.
fn shared_store(seed: u64, open: impl Fn() -> SharedTransport, total: &AtomicU32) {
    hide_panics();
    let random = &mut Rng::with_seed(seed);
    let (store, server) = (open(), Replicated::new());
    let transport: SharedTransport = server.clone();
    let chaos = Chaos::default();
    let mut publishers: Vec<_> = (0..random.usize(1..=2))
        .map(|_| Publisher::start(&open(), &transport, &chaos, random))
        .collect();
    let fails_over = random.bool();
    let mut last = 0;
    for _ in 0..random.u32(10..40) {
        match random.u32(..10) {
            0..=4 => {
                let count = random.u64(1..60);
                put(&store, last + 1..=last + count);
                last += count;
            }
            5 => {
                let publisher = random.usize(..publishers.len());
                publishers[publisher].process.pause();
                sleep(Duration::from_millis(random.u64(..300)));
                publishers[publisher].process.resume();
            }
            6 => {
                let publisher = random.usize(..publishers.len());
                publishers[publisher].stop();
                publishers[publisher] = Publisher::start(&open(), &transport, &chaos, random);
            }
            7 if fails_over => {
                let batches = server.batches();
                server.fail_over(batches - random.usize(..=batches.min(6)));
            }
            _ => sleep(Duration::from_millis(random.u64(..40))),
        }
    }
    chaos.end();
    let mut changes = 0;
    for publisher in &mut publishers {
        let bus = publisher.bus.take().unwrap();
        bus.flush(LONG).unwrap();
        changes += bus.producer_stats().new_incarnations;
        bus.shutdown(LONG).unwrap();
    }
    // A failover in the last moment is noticed at the next start.
    put(&store, last + 1..=last + 1);
    support::producer::drain(&store, &transport);
    assert_eq!(
        numbers(&transport, TOPIC),
        (1..=last + 1).collect::<Vec<_>>()
    );
    assert_eq!((changes, incarnations(&store).len()), (0, 1));
    total.fetch_add(chaos.count.load(Ordering::SeqCst), Ordering::SeqCst);
}

#[test]
fn restored_and_cloned_stores_lose_nothing_and_keep_the_order() {
    hide_panics();
    with_seeds(15, |seed| {
        let random = &mut Rng::with_seed(seed);
        let transport = memory();
        let chaos = Chaos::default();
        // The copies of a store, and the events that each of them got.
        let mut stores = vec![(memory(), Vec::new())];
        let mut backups: Vec<SharedTransport> = Vec::new();
        let mut last = 0;
        for _ in 0..random.u32(3..8) {
            let mut publishers = Vec::new();
            for (store, _) in &stores {
                publishers.push(Publisher::start(store, &transport, &chaos, random));
            }
            for _ in 0..random.u32(1..6) {
                let (store, ledger) = &mut stores[random.usize(..publishers.len())];
                let count = random.u64(1..60);
                put(store, last + 1..=last + count);
                ledger.extend(last + 1..=last + count);
                last += count;
                sleep(Duration::from_millis(random.u64(..10)));
            }
            // An image of a process that is still at work has rows that wait.
            if random.bool() {
                for publisher in &mut publishers {
                    publisher.stop();
                }
                let store = random.usize(..stores.len());
                backups.push(copy(&stores[store].0));
                continue;
            }
            // Whatever a store is replaced with, its own events are out.
            for mut publisher in publishers {
                while publisher.bus.as_ref().unwrap().flush(LONG).is_err() {}
                publisher.stop();
            }
            if let Some(backup) = backups.pop() {
                if random.bool() && stores.len() < 3 {
                    stores.push((backup, Vec::new()));
                } else {
                    let store = random.usize(..stores.len());
                    stores[store].0 = backup;
                }
            }
        }
        chaos.end();
        for (store, _) in &stores {
            support::producer::drain(store, &transport);
        }
        let published = numbers(&transport, TOPIC);
        let seen = first_seen(&published);
        assert_eq!(seen.len() as u64, last, "nothing is lost");
        for (_, ledger) in &stores {
            let own: Vec<_> = seen
                .iter()
                .filter(|number| ledger.contains(number))
                .collect();
            assert_eq!(own, ledger.iter().collect::<Vec<_>>());
        }
    });
}

#[test]
fn an_outbox_in_memory_publishes_every_event_once_and_in_order() {
    hide_panics();
    with_seeds(10, |seed| {
        let random = &mut Rng::with_seed(seed);
        let inner = memory();
        let chaos = Chaos::default();
        let one_of = random.u32(2..30);
        let transport = chaos.breaks(&inner, &Process::default(), one_of, random.fork());
        let mut config = BusConfig::memory()
            .with_route(Queued::INFO.event_type, TOPIC)
            .with_outbox(OutboxStore::Memory);
        config.outbox.max_batch = random.usize(1..20);
        let bus = Bus::builder(config).transport(transport).start().unwrap();
        let count = random.i64(1..300);
        for number in 0..count {
            assert!(QUEUED.send_event(Queued::of(number)).is_ok());
            if random.u32(..20) == 0 {
                sleep(Duration::from_millis(random.u64(..5)));
            }
        }
        sleep(Duration::from_millis(200));
        chaos.end();
        bus.flush(LONG).unwrap();
        let stats = bus.producer_stats();
        bus.shutdown(LONG).unwrap();
        let entries = inner.read(TOPIC, Position::Oldest, 1_000).unwrap();
        let expected =
            (0..count).map(|number| events_bus::wire::encode(&Queued::of(number)).unwrap());
        let bodies = entries
            .iter()
            .map(|entry| entry.record.as_ref().unwrap().body.to_vec());
        assert!(bodies.eq(expected));
        assert_eq!(stats.published + stats.passed_over, count.unsigned_abs());
    });
}
