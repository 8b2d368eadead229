//! Events that are sent in transactions of the caller's own SQLite database. Each test has an event of its own.

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

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use events_bus::config::BusConfig;
use events_bus::transaction::{self, OutboxRow, OutboxTransaction, sqlite};
use events_bus::transport::SharedTransport;
use events_bus::{Bus, TraceContext};
use events_core::{BoxError, Event, EventMetadata, Timestamp};

use support::bus::{Log, eventually, quick, stop};
use support::flaky::Flaky;
use support::shop::{Shop, published, start};

order_events! {
    Committed = "org.example.transaction.order.committed.v1";
    Delayed = "org.example.transaction.order.delayed.v1";
    Broken = "org.example.transaction.order.broken.v1";
    Shared = "org.example.transaction.order.shared.v1";
    Nested = "org.example.transaction.order.nested.v1";
    Traced = "org.example.transaction.order.traced.v1";
}

#[test]
fn an_event_is_sent_if_and_only_if_the_transaction_commits() {
    let (shop, transport, log) = (Shop::new(), Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = COMMITTED.connect(move |event, metadata| {
        seen.add(format!("{} {}", event.number, metadata.id()));
    });
    let mut connection = shop.open();
    let mut sent = Vec::new();
    for number in 1..=4 {
        let mut order = connection.transaction().unwrap();
        order
            .execute("INSERT INTO orders VALUES (?)", [number])
            .unwrap();
        let metadata = transaction::send_in(&mut order, &COMMITTED, Committed::of(number)).unwrap();
        if number == 3 {
            order.rollback().unwrap();
        } else {
            order.commit().unwrap();
            sent.push(metadata);
        }
    }
    assert!(log.lines().is_empty(), "nobody has sent anything yet");
    let bus = start::<Committed>(&transport, shop.outbox());
    let expected: Vec<_> = [1, 2, 4]
        .iter()
        .zip(&sent)
        .map(|(number, metadata)| format!("{number} {}", metadata.id()))
        .collect();
    log.wait_for(3);
    eventually(|| shop.left() == 0, || "the outbox is empty".into());
    assert_eq!(log.lines(), expected, "in order, each once");
    let metadata: Vec<_> = published(&transport)
        .into_iter()
        .map(|record| record.metadata)
        .collect();
    assert_eq!(metadata, sent, "with the metadata of then");
    // While the bus runs, too.
    let mut order = connection.transaction().unwrap();
    transaction::send_in(&mut order, &COMMITTED, Committed::of(5)).unwrap();
    order.commit().unwrap();
    log.wait_for(4);
    stop(bus);
}

#[test]
fn what_the_bus_does_not_take_stays_and_receivers_do_not_run_again() {
    let (shop, transport, log) = (Shop::new(), Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = DELAYED.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
        Err::<(), _>("what it makes of it is its own affair")
    });
    let mut connection = shop.open();
    for number in 1..=2 {
        let mut order = connection.transaction().unwrap();
        transaction::send_in(&mut order, &DELAYED, Delayed::of(number)).unwrap();
        order.commit().unwrap();
    }
    transport.down.store(true, Ordering::SeqCst);
    let bus = start::<Delayed>(&transport, shop.outbox());
    assert_eq!(log.wait_for(1), ["1"]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(log.lines(), ["1"], "in order: the second waits");
    assert_eq!(shop.left(), 2);
    transport.down.store(false, Ordering::SeqCst);
    eventually(|| shop.left() == 0, || "the outbox is empty".into());
    assert_eq!(log.lines(), ["1", "2"]);
    assert_eq!(published(&transport).len(), 2);
    stop(bus);
}

#[test]
fn what_cannot_be_sent_is_set_aside_with_the_reason() {
    let (shop, transport, log) = (Shop::new(), Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = BROKEN.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let mut connection = shop.open();
    for number in 1..=3 {
        let mut order = connection.transaction().unwrap();
        transaction::send_in(&mut order, &BROKEN, Broken::of(number)).unwrap();
        order.commit().unwrap();
    }
    let damage = "UPDATE events_outbox SET body = x'ff' WHERE id = 1; \
                  UPDATE events_outbox SET event_type = 'org.example.nobody.v1' WHERE id = 2";
    connection.execute_batch(damage).unwrap();
    let bus = start::<Broken>(&transport, shop.outbox());
    assert_eq!(log.wait_for(1), ["3"]);
    eventually(|| shop.left() == 0, || "the rest is set aside".into());
    let problems: Vec<String> = connection
        .prepare("SELECT problem FROM events_outbox ORDER BY id")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(
        problems[0].starts_with("cannot read org.example.transaction"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("has the type `org.example.nobody.v1`"),
        "{problems:?}"
    );
    stop(bus);
}

#[test]
fn of_two_relays_one_sends() {
    let (shop, transport, log) = (Shop::new(), Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = SHARED.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    let bus = Bus::builder(quick(BusConfig::memory()))
        .transport(shared)
        .relay(shop.outbox())
        .relay(shop.outbox())
        .start()
        .unwrap();
    let mut connection = shop.open();
    for number in 1..=50 {
        let mut order = connection.transaction().unwrap();
        transaction::send_in(&mut order, &SHARED, Shared::of(number)).unwrap();
        order.commit().unwrap();
    }
    eventually(|| shop.left() == 0, || "the outbox is empty".into());
    let expected: Vec<_> = (1..=50).map(|number| number.to_string()).collect();
    assert_eq!(log.lines(), expected, "each once, in order");
    stop(bus);
}

#[test]
fn an_inbox_tells_what_was_handled_before() {
    let shop = Shop::new();
    let mut connection = shop.open();
    let metadata = EventMetadata::new("org.example.transaction.order.handled.v1");
    let mut first_time = |receiver: &str, commit: bool| {
        let mut transaction = connection.transaction().unwrap();
        let first = transaction::first_time(&mut transaction, receiver, &metadata).unwrap();
        if commit {
            transaction.commit().unwrap();
        }
        first
    };
    assert!(first_time("a", false), "rolled back: it was not handled");
    assert!(first_time("a", true));
    assert!(!first_time("a", true));
    assert!(first_time("b", true), "each receiver for itself");
    let forgotten = sqlite::forget_before(&shop.open(), Timestamp::MAX).unwrap();
    assert_eq!(forgotten, 2);
    assert!(first_time("a", true));
}

/// What a user of another client writes.
struct Own<'a>(Vec<&'a str>);

impl OutboxTransaction for Own<'_> {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        assert_eq!(row.event_type, Shared::INFO.event_type);
        self.0.push("inserted");
        Err("the disk is full".into())
    }
}

#[test]
fn an_error_names_the_event_and_the_cause() {
    let mut own = Own(Vec::new());
    let error = transaction::send_in(&mut own, &SHARED, Shared::of(1)).unwrap_err();
    assert_eq!(own.0, ["inserted"]);
    assert_eq!(
        error.to_string(),
        "event `org.example.transaction.order.shared.v1` could not be written to the outbox of the transaction: the disk is full"
    );
    // The caller sees what its client says, so that it can tell whether to try the transaction again.
    let mut without = rusqlite::Connection::open_in_memory().unwrap();
    let error = transaction::send_in(&mut without, &SHARED, Shared::of(1)).unwrap_err();
    let cause = error.source().unwrap().downcast_ref::<rusqlite::Error>();
    assert_eq!(cause.unwrap().to_string(), error.cause.to_string());
    assert!(
        error.to_string().contains("no such table: events_outbox"),
        "{error}"
    );
}

#[test]
fn a_savepoint_takes_its_events_back_and_a_connection_sends_at_once() {
    let (shop, log) = (Shop::new(), Log::default());
    let seen = log.clone();
    let _connection = NESTED.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let mut connection = shop.open();
    let mut order = connection.transaction().unwrap();
    transaction::send_in(&mut order, &NESTED, Nested::of(1)).unwrap();
    let metadata = EventMetadata::new("org.example.transaction.order.handled.v1");
    for (number, keep) in [(2, false), (3, true)] {
        let mut savepoint = order.savepoint().unwrap();
        transaction::send_in(&mut savepoint, &NESTED, Nested::of(number)).unwrap();
        assert!(transaction::first_time(&mut savepoint, "a", &metadata).unwrap());
        if keep {
            savepoint.commit().unwrap();
        }
    }
    order.commit().unwrap();
    assert!(!transaction::first_time(&mut connection, "a", &metadata).unwrap());
    connection.execute_batch("BEGIN").unwrap();
    transaction::send_in(&mut connection, &NESTED, Nested::of(4)).unwrap();
    connection.execute_batch("ROLLBACK").unwrap();
    let metadata = transaction::send_in(&mut connection, &NESTED, Nested::of(5)).unwrap();
    let status = sqlite::status(&connection).unwrap();
    assert_eq!(status.waiting, 3);
    assert!(status.oldest.unwrap() <= metadata.time());
    let bus = start::<Nested>(&Arc::new(Flaky::default()), shop.outbox());
    assert_eq!(log.wait_for(3), ["1", "3", "5"]);
    shop.is_emptied();
    stop(bus);
}

#[test]
fn the_trace_of_the_sender_goes_on() {
    let (shop, transport) = (Shop::new(), Arc::new(Flaky::default()));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace = TraceContext::parse(parent, Some("shop=1,till=2")).unwrap();
    let mut row = None;
    trace.clone().scope(|| {
        shop.send(&TRACED, [Traced::of(1)]);
        row = Some(OutboxRow::of(&TRACED, Traced::of(2)).unwrap());
    });
    // For clients that write rows themselves.
    let row = row.unwrap();
    let columns = rusqlite::params![
        row.event_id.to_string(),
        row.event_type,
        row.metadata,
        row.trace,
        row.body
    ];
    shop.open().execute(sqlite::INSERT, columns).unwrap();
    let bus = start::<Traced>(&transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    let records = published(&transport);
    assert_eq!(records.len(), 2);
    assert_eq!(records[1].metadata.id(), row.event_id);
    for record in &records {
        let carried = record.trace.as_ref().unwrap();
        assert_eq!(carried.trace_id(), trace.trace_id());
        assert_eq!(carried.state(), Some("shop=1,till=2"));
        assert_ne!(carried.to_string(), parent);
    }
    assert!(!format!("{row:?}").contains("ada"));
}
