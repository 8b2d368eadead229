//! Relays when something goes wrong, and at their end. Each test has an event of its own.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod gate;
    mod orders;
    pub mod shop;
}

#[path = "parts/transaction_relay_lease.rs"]
mod lease;
#[path = "parts/transaction_relay_rows.rs"]
mod rows;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use events_bus::config::{BusConfig, OutboxStore};
use events_bus::transaction::sqlite::{self, SqliteOutbox};
use events_bus::transaction::{self, OutboxSource, OutboxStatus, Pending, RelayState, Term};
use events_bus::transport::{Epoch, SharedTransport};
use events_bus::{Bus, StartProblem};
use events_core::{BoxError, Event, Uuid};

use support::bus::{eventually, quick, stop};
use support::gate::{Gate, takes};
use support::shop::{
    LEASE, Shop, leads, local_work, number, numbers, published, start, start_with,
};

order_events! {
    Dropped = "org.example.relay.order.dropped.v1";
    Drained = "org.example.relay.order.drained.v1";
    Strange = "org.example.relay.order.strange.v1";
    Retold = "org.example.relay.order.retold.v1";
    Kept = "org.example.relay.order.kept.v1";
    Led = "org.example.relay.order.led.v1";
    Silent = "org.example.relay.order.silent.v1";
    Split = "org.example.relay.order.split.v1";
    Other = "org.example.relay.order.other.v1";
    Poisoned = "org.example.relay.order.poisoned.v1";
    Locked = "org.example.relay.order.locked.v1";
    Paused = "org.example.relay.order.paused.v1";
    Restored = "org.example.relay.order.restored.v1";
    Forgotten = "org.example.relay.order.forgotten.v1";
    Gone = "org.example.relay.order.gone.v1";
    Crowded = "org.example.relay.order.crowded.v1";
    Stored = "org.example.relay.order.stored.v1";
    Direct = "org.example.relay.order.direct.v1";
}

/// Drops the bus at any moment, again and again.
#[test]
fn a_bus_that_is_dropped_loses_nothing() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let sent = shop.send(&DROPPED, (1..=400).map(Dropped::of));
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..40 {
        let bus = start::<Dropped>(&transport, shop.outbox());
        std::thread::sleep(Duration::from_micros(random.u64(500..20_000)));
        drop(bus);
    }
    let bus = start::<Dropped>(&transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    let mut first = Vec::new();
    for record in published(&transport) {
        if !first.contains(&record.metadata) {
            first.push(record.metadata);
        }
    }
    assert_eq!(first, sent, "each is published, in order");
}

#[test]
fn a_shutdown_publishes_what_is_committed() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let bus = start::<Drained>(&transport, shop.outbox());
    leads(&bus);
    let mut connection = shop.open();
    let mut order = connection.transaction().unwrap();
    for number in 1..=1_250 {
        transaction::send_in(&mut order, &DRAINED, Drained::of(number)).unwrap();
    }
    order.commit().unwrap();
    stop(bus);
    assert_eq!(shop.left(), 0);
    assert_eq!(published(&transport).len(), 1_250);
    // The lead is free at once.
    assert!(shop.outbox().lead(LEASE).unwrap().is_some());
    // With nowhere to go, the end does not wait for it.
    shop.send(&DRAINED, [Drained::of(1_251)]);
    transport.down.store(true, Ordering::SeqCst);
    std::thread::sleep(LEASE);
    let bus = start::<Drained>(&transport, shop.outbox());
    eventually(
        || bus.relays()[0].stats().failures > 0,
        || "it fails".into(),
    );
    let began = Instant::now();
    stop(bus);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(shop.left(), 1);
}

/// Rows of three topics: one takes nothing for a while, and one never gets there.
#[test]
fn a_topic_that_takes_nothing_holds_up_only_itself() {
    const EVENTS: i64 = 6_000;
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let config = BusConfig::memory()
        .with_route(Split::INFO.event_type, "good")
        .with_route(Split::INFO.event_type, "bad")
        .with_route(Other::INFO.event_type, "bad");
    transport.close("bad", true);
    let mut connection = shop.open();
    let mut order = connection.transaction().unwrap();
    for number in 1..=EVENTS {
        transaction::send_in(&mut order, &SPLIT, Split::of(number)).unwrap();
        transaction::send_in(&mut order, &OTHER, Other::of(-number)).unwrap();
    }
    order.commit().unwrap();
    let bus = start_with(config, &transport, shop.outbox());
    // More rows wait for the bad topic than the relay keeps in memory.
    eventually(
        || transport.records("good").len() >= usize::try_from(EVENTS).unwrap(),
        || {
            format!(
                "the good topic gets its events: {}",
                transport.records("good").len()
            )
        },
    );
    assert_eq!(
        shop.left(),
        2 * EVENTS.unsigned_abs(),
        "each waits for the bad topic"
    );
    transport.close("bad", false);
    // New rows come while those that were left in the database are read again.
    let mut last = EVENTS;
    while transport.records("bad").len() < 4_000 {
        last += 1;
        shop.send(&SPLIT, [Split::of(last)]);
        std::thread::sleep(Duration::from_millis(1));
    }
    shop.is_emptied();
    stop(bus);
    let good: Vec<_> = (1..=last).collect();
    assert_eq!(
        numbers(&transport.records("good")),
        good,
        "each once, in order"
    );
    let bad = (1..=EVENTS).flat_map(|number| [number, -number]);
    let bad: Vec<_> = bad.chain(EVENTS + 1..=last).collect();
    assert_eq!(
        numbers(&transport.records("bad")),
        bad,
        "each once, in order"
    );
}

#[test]
fn a_record_that_its_topic_refuses_holds_up_only_its_key() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    // Number 7 of `ada` is refused for ever.
    transport.refuse(|topic, record| {
        topic == "t" && record.key.as_deref() == Some("ada") && number(&record.body) == 7
    });
    let event = |number: i64, customer: &str| {
        let mut event = Poisoned::of(number);
        customer.clone_into(&mut event.customer);
        event
    };
    let events = (1..=10).flat_map(|number| [event(number, "ada"), event(number, "bob")]);
    shop.send(&POISONED, events);
    let bus = start::<Poisoned>(&transport, shop.outbox());
    let of = |customer: &str| -> Vec<i64> {
        let records = published(&transport).into_iter();
        let records = records.filter(|record| record.key.as_deref() == Some(customer));
        numbers(&records.collect::<Vec<_>>())
    };
    eventually(|| of("bob").len() == 10, || format!("{:?}", of("bob")));
    assert_eq!(of("ada"), [1, 2, 3, 4, 5, 6], "later ones of its key wait");
    // A refusal counts when the topic has taken other events since.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(sqlite::status(&shop.open()).unwrap().quarantined, 0);
    for number in 11.. {
        shop.send(&POISONED, [event(number, "bob")]);
        std::thread::sleep(Duration::from_millis(50));
        if sqlite::status(&shop.open()).unwrap().quarantined == 1 {
            break;
        }
        assert!(
            number < 400,
            "it is quarantined: {:?}",
            bus.relays()[0].stats()
        );
    }
    shop.is_emptied();
    assert_eq!(of("ada"), [1, 2, 3, 4, 5, 6, 8, 9, 10]);
    let mut bob = of("bob");
    bob.dedup();
    assert!(bob.is_sorted(), "{bob:?}");
    let problem: String = shop
        .open()
        .query_row("SELECT problem FROM events_outbox", [], |row| row.get(0))
        .unwrap();
    assert_eq!(
        problem,
        "topic `t` refuses the event: gate: no such record, please"
    );
    transport.accept();
    assert_eq!(shop.outbox().requeue_quarantined().unwrap(), 1);
    eventually(|| of("ada").contains(&7), || "it is published".into());
    stop(bus);
}

/// A wrong password is no fault of a row.
#[test]
fn a_topic_that_refuses_everything_quarantines_nothing() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    transport.refuse(|topic, _| topic == "t");
    let event = |number: i64| {
        let mut event = Locked::of(number);
        event.customer = format!("c{number}");
        event
    };
    shop.send(&LOCKED, (1..=100).map(event));
    let bus = start::<Locked>(&transport, shop.outbox());
    std::thread::sleep(Duration::from_secs(4));
    let stats = bus.relays()[0].stats();
    assert!(stats.failures > 8, "{stats:?}");
    assert!(
        stats.failures < 100,
        "it does not try each record at once: {stats:?}"
    );
    assert_eq!((stats.quarantined, stats.sent, shop.left()), (0, 0, 100));
    transport.accept();
    shop.is_emptied();
    stop(bus);
    let mut all = numbers(&published(&transport));
    all.sort_unstable();
    assert_eq!(all, (1..=100).collect::<Vec<_>>());
}

/// A source that fails when it is told to; a user's own, too.
struct Faulty(SqliteOutbox, Arc<Faults>);

#[derive(Default)]
struct Faults {
    remove: AtomicUsize,
    panic: AtomicUsize,
    /// Every call fails.
    down: AtomicBool,
    /// The thread is stopped, as by SIGSTOP, before it publishes.
    paused: AtomicBool,
    /// Epochs that led.
    epochs: Mutex<Vec<Epoch>>,
}

impl Faults {
    fn check(&self) -> Result<(), BoxError> {
        if self.down.load(Ordering::SeqCst) {
            return Err("the database went away".into());
        }
        Ok(())
    }
}

impl OutboxSource for Faulty {
    fn name(&self) -> String {
        "faulty".to_owned()
    }

    fn lead(&mut self, lease: Duration) -> Result<Option<Term>, BoxError> {
        self.1.check()?;
        let term = self.0.lead(lease)?;
        self.1
            .epochs
            .lock()
            .unwrap()
            .extend(term.map(|term| term.epoch));
        Ok(term)
    }

    fn renew(&mut self, term: &Term, lease: Duration) -> Result<bool, BoxError> {
        self.1.check()?;
        self.0.renew(term, lease)
    }

    fn release(&mut self, term: &Term) -> Result<(), BoxError> {
        self.0.release(term)
    }

    fn read(&mut self, after: i64, limit: usize) -> Result<Vec<Pending>, BoxError> {
        assert!(!takes(&self.1.panic), "the source panics");
        self.1.check()?;
        let rows = self.0.read(after, limit)?;
        while !rows.is_empty() && self.1.paused.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(rows)
    }

    fn remove(&mut self, term: &Term, numbers: &[i64]) -> Result<bool, BoxError> {
        self.1.check()?;
        if takes(&self.1.remove) {
            return Err("the database went away".into());
        }
        self.0.remove(term, numbers)
    }

    fn quarantine(&mut self, term: &Term, number: i64, problem: &str) -> Result<bool, BoxError> {
        self.0.quarantine(term, number, problem)
    }

    fn requeue_quarantined(&mut self) -> Result<u64, BoxError> {
        self.0.requeue_quarantined()
    }

    fn status(&mut self) -> Result<OutboxStatus, BoxError> {
        self.0.status()
    }
}

#[test]
fn what_was_sent_and_cannot_be_removed_is_not_sent_again() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let _connection = RETOLD.connect_with("sees", 0, |_| {});
    shop.send(&RETOLD, (1..=150).map(Retold::of));
    let faults = Arc::new(Faults::default());
    faults.remove.store(5, Ordering::SeqCst);
    faults.panic.store(2, Ordering::SeqCst);
    let bus = start::<Retold>(&transport, Faulty(shop.outbox(), Arc::clone(&faults)));
    shop.is_emptied();
    faults.panic.store(3, Ordering::SeqCst);
    eventually(
        || faults.panic.load(Ordering::SeqCst) == 0,
        || "it goes on after a panic".into(),
    );
    shop.send(&RETOLD, [Retold::of(151)]);
    shop.is_emptied();
    let expected: Vec<_> = (1..=151).collect();
    assert_eq!(numbers(&published(&transport)), expected);
    assert_eq!(numbers(&local_work(&transport)), expected);
    stop(bus);
}

#[test]
fn a_database_that_goes_away_is_reported_and_comes_back() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let faults = Arc::new(Faults::default());
    faults.down.store(true, Ordering::SeqCst);
    let bus = start::<Gone>(&transport, Faulty(shop.outbox(), Arc::clone(&faults)));
    let state = || bus.relays()[0].stats().state;
    let is_unreachable = || matches!(state(), RelayState::Unreachable { .. });
    eventually(is_unreachable, || format!("{:?}", state()));
    faults.down.store(false, Ordering::SeqCst);
    leads(&bus);
    faults.down.store(true, Ordering::SeqCst);
    shop.send(&GONE, [Gone::of(1)]);
    eventually(is_unreachable, || format!("{:?}", state()));
    let RelayState::Unreachable { since } = state() else {
        panic!("{:?}", state());
    };
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        state(),
        RelayState::Unreachable { since },
        "since the first call"
    );
    faults.down.store(false, Ordering::SeqCst);
    shop.is_emptied();
    leads(&bus);
    assert_eq!(
        faults.epochs.lock().unwrap().len(),
        1,
        "its lease is still its own"
    );
    stop(bus);
    assert_eq!(published(&transport).len(), 1);
}
