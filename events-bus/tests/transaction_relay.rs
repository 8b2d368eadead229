//! What relays do when something goes wrong, and at their end. Each test has an event of its own.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod flaky;
    mod orders;
    pub mod shop;
}

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transaction::sqlite::{self, SqliteOutbox};
use events_bus::transaction::{self, OutboxSource, OutboxStatus, Pending};
use events_bus::{Bus, StartProblem};
use events_core::BoxError;

use support::bus::{Log, eventually, quick, stop};
use support::flaky::Flaky;
use support::shop::{Shop, published, start};

order_events! {
    Dropped = "org.example.relay.order.dropped.v1";
    Drained = "org.example.relay.order.drained.v1";
    Hung = "org.example.relay.order.hung.v1";
    Local = "org.example.relay.order.local.v1";
    Strange = "org.example.relay.order.strange.v1";
    Retold = "org.example.relay.order.retold.v1";
    Kept = "org.example.relay.order.kept.v1";
    Led = "org.example.relay.order.led.v1";
    Silent = "org.example.relay.order.silent.v1";
}

/// Drops the bus at any moment, again and again. What a relay sends while its bus goes away must not count as sent.
#[test]
fn a_bus_that_is_dropped_loses_nothing() {
    let (shop, transport) = (Shop::new(), Arc::new(Flaky::default()));
    let sent = shop.send(&DROPPED, (1..=400).map(Dropped::of));
    let mut random = fastrand::Rng::with_seed(7);
    while shop.left() > 40 {
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
fn a_shutdown_sends_what_is_committed() {
    let (shop, transport) = (Shop::new(), Arc::new(Flaky::default()));
    let bus = start::<Drained>(&transport, shop.outbox());
    eventually(
        || bus.relays()[0].stats().leads,
        || "the relay leads".into(),
    );
    let mut connection = shop.open();
    let mut order = connection.transaction().unwrap();
    for number in 1..=250 {
        transaction::send_in(&mut order, &DRAINED, Drained::of(number)).unwrap();
    }
    order.commit().unwrap();
    stop(bus);
    assert_eq!(shop.left(), 0);
    assert_eq!(published(&transport).len(), 250);
    // With nowhere to go, the end does not wait for it.
    shop.send(&DRAINED, [Drained::of(251)]);
    transport.down.store(true, Ordering::SeqCst);
    let bus = start::<Drained>(&transport, shop.outbox());
    eventually(
        || bus.relays()[0].stats().failures > 0,
        || "it fails".into(),
    );
    stop(bus);
    assert_eq!(shop.left(), 1);
}

#[test]
fn a_receiver_that_hangs_does_not_hold_up_the_end_and_the_event_stays() {
    let (shop, transport, log) = (Shop::new(), Arc::new(Flaky::default()), Log::default());
    let (release, released) = mpsc::channel::<()>();
    let (seen, released) = (log.clone(), std::sync::Mutex::new(released));
    let _connection = HUNG.connect_with("hangs", 0, move |event| {
        seen.add(event.number.to_string());
        let _ = released.lock().unwrap().recv();
    });
    shop.send(&HUNG, [Hung::of(1), Hung::of(2)]);
    let bus = start::<Hung>(&transport, shop.outbox());
    log.wait_for(1);
    let error = bus.shutdown(Duration::from_millis(200)).unwrap_err();
    assert_eq!(error.relays, 1);
    assert!(
        error
            .to_string()
            .contains("1 relays were running receivers"),
        "{error}"
    );
    drop(release);
    // The thread of that relay holds the lead until it is at its end.
    let bus = start::<Hung>(&transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    assert_eq!(log.lines(), ["1", "1", "2"], "at least once");
}

#[test]
fn receivers_of_a_process_without_a_bus_get_their_events() {
    let (shop, log) = (Shop::new(), Log::default());
    let seen = log.clone();
    let _connection = LOCAL.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let bus = Bus::builder(BusConfig::none())
        .relay(shop.outbox())
        .start()
        .unwrap();
    shop.send(&LOCAL, [Local::of(1)]);
    assert_eq!(log.wait_for(1), ["1"]);
    shop.is_emptied();
    stop(bus);
}

/// A column of SQLite can hold anything, and a program that comes later may know more.
#[test]
fn what_cannot_be_read_blocks_nobody_and_is_tried_again_by_the_next_that_leads() {
    let (shop, transport) = (Shop::new(), Arc::new(Flaky::default()));
    let sent = shop.send(&STRANGE, (1..=4).map(Strange::of));
    let connection = shop.open();
    let damage = "CREATE TABLE kept AS SELECT * FROM events_outbox;
        UPDATE events_outbox SET metadata = x'ff' WHERE id = 1;
        UPDATE events_outbox SET body = 17 WHERE id = 2;
        UPDATE events_outbox SET event_type = 'org.example.later.v1' WHERE id = 3";
    connection.execute_batch(damage).unwrap();
    let bus = start::<Strange>(&transport, shop.outbox());
    shop.is_emptied();
    assert_eq!(sqlite::status(&connection).unwrap().set_aside, 3);
    let stats = bus.relays()[0].stats();
    assert_eq!((stats.sent, stats.set_aside), (1, 3), "{stats:?}");
    stop(bus);
    connection
        .execute_batch(
            "UPDATE events_outbox SET (event_type, metadata, body) =
                (SELECT event_type, metadata, body FROM kept WHERE kept.id = events_outbox.id)",
        )
        .unwrap();
    let bus = start::<Strange>(&transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    let ids: Vec<_> = published(&transport)
        .iter()
        .map(|record| record.metadata.id())
        .collect();
    let expected: Vec<_> = [3, 0, 1, 2].map(|index: usize| sent[index].id()).into();
    assert_eq!(ids, expected);
    assert_eq!(
        sqlite::status(&connection).unwrap(),
        OutboxStatus::default()
    );
}

/// What may go wrong with a source.
#[derive(Default)]
struct Faults {
    remove: AtomicUsize,
    panic: AtomicUsize,
}

/// A source that fails when it is told to: a user's own, by the way.
struct Faulty(SqliteOutbox, Arc<Faults>);

impl OutboxSource for Faulty {
    fn name(&self) -> String {
        "faulty".to_owned()
    }

    fn lead(&mut self) -> Result<bool, BoxError> {
        self.0.lead()
    }

    fn leave(&mut self) {
        self.0.leave();
    }

    fn take_back(&mut self) -> Result<u64, BoxError> {
        self.0.take_back()
    }

    fn read(&mut self, most: usize) -> Result<Vec<Pending>, BoxError> {
        assert!(!Flaky::takes(&self.1.panic), "the source panics");
        self.0.read(most)
    }

    fn remove(&mut self, numbers: &[i64]) -> Result<(), BoxError> {
        if Flaky::takes(&self.1.remove) {
            return Err("the database went away".into());
        }
        self.0.remove(numbers)
    }

    fn set_aside(&mut self, number: i64, problem: &str) -> Result<(), BoxError> {
        self.0.set_aside(number, problem)
    }

    fn status(&mut self) -> Result<OutboxStatus, BoxError> {
        self.0.status()
    }

    fn wait(&mut self, most: Duration) -> bool {
        assert!(!Flaky::takes(&self.1.panic), "the source panics");
        self.0.wait(most)
    }
}

#[test]
fn what_was_sent_and_cannot_be_removed_is_not_sent_again() {
    let (shop, transport, log) = (Shop::new(), Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = RETOLD.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
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
    let expected: Vec<_> = (1..=151).map(|number| number.to_string()).collect();
    assert_eq!(log.lines(), expected);
    assert_eq!(published(&transport).len(), 151);
    stop(bus);
}

#[test]
fn another_relay_takes_over_when_the_first_ends() {
    let (shop, transport) = (Shop::new(), Arc::new(Flaky::default()));
    let mut first = shop.outbox();
    assert!(first.lead().unwrap());
    assert!(first.lead().unwrap(), "it keeps the lead");
    // By another way to the same file.
    let link = shop.path().with_file_name("link.db");
    std::os::unix::fs::symlink(shop.path(), &link).unwrap();
    let bus = start::<Led>(&transport, SqliteOutbox::new(&link));
    shop.send(&LED, [Led::of(1)]);
    std::thread::sleep(Duration::from_millis(700));
    assert!(!bus.relays()[0].stats().leads);
    assert_eq!(shop.left(), 1);
    assert_eq!(bus.relays()[0].outbox(), link.to_str().unwrap());
    drop(first);
    shop.is_emptied();
    assert!(bus.relays()[0].stats().leads);
    stop(bus);
    assert!(
        shop.outbox().lead().unwrap(),
        "a bus that ends gives it back"
    );
}

#[test]
fn a_bus_does_not_start_with_a_database_that_is_not_there() {
    let shop = Shop::new();
    let missing = shop.path().with_file_name("shoop.db");
    let error = Bus::builder(quick(BusConfig::memory()))
        .relay(SqliteOutbox::new(&missing))
        .start()
        .unwrap_err();
    assert!(matches!(error.problems(), [StartProblem::Outbox(..)]));
    assert_eq!(
        error.to_string(),
        format!(
            "the bus does not start:\nthe outbox `{}` of transactions cannot be relayed: there is no such file: name the \
             database that transactions write to, and make it before the bus starts",
            missing.display()
        )
    );
    assert!(!missing.exists());
    std::fs::write(
        &missing,
        "this is no database, and longer than a header of one would be",
    )
    .unwrap();
    let error = Bus::builder(quick(BusConfig::memory()))
        .relay(SqliteOutbox::new(&missing))
        .start()
        .unwrap_err();
    assert!(
        error.to_string().contains("file is not a database"),
        "{error}"
    );
}

/// The relay makes what it needs, in a database that nobody has sent anything in yet.
#[test]
fn a_relay_makes_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let mut connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE orders (number INTEGER)")
        .unwrap();
    let bus = start::<Kept>(&Arc::new(Flaky::default()), SqliteOutbox::new(&path));
    transaction::send_in(&mut connection, &KEPT, Kept::of(1)).unwrap();
    eventually(|| bus.relays()[0].stats().sent == 1, || "it is sent".into());
    sqlite::create_tables(&connection).unwrap();
    stop(bus);
}

#[test]
fn a_signal_that_is_disabled_where_the_relay_is_takes_no_effect() {
    let (shop, transport, log) = (Shop::new(), Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = SILENT.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    shop.send(&SILENT, [Silent::of(1)]);
    SILENT.disable();
    shop.send(&SILENT, [Silent::of(2)]);
    assert_eq!(shop.left(), 1, "nothing is written");
    let bus = start::<Silent>(&transport, shop.outbox());
    shop.is_emptied();
    SILENT.enable();
    shop.send(&SILENT, [Silent::of(3)]);
    assert_eq!(log.wait_for(1), ["3"]);
    stop(bus);
    assert_eq!(published(&transport).len(), 1);
}
