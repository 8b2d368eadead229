//! Events that are sent in transactions of the caller's own SQLite database. Each test has an event of its own.

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

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transaction::{
    self, OutboxRow, OutboxSource, OutboxStatus, OutboxTransaction, RelayState, sqlite,
};
use events_bus::transport::SharedTransport;
use events_bus::{Bus, Record, TraceContext};
use events_core::{BoxError, Event, EventMetadata, Timestamp};

use support::bus::{eventually, quick, stop};
use support::gate::Gate;
use support::shop::{Shop, leads, local_work, numbers, published, start};

order_events! {
    Committed = "org.example.transaction.order.committed.v1";
    Delayed = "org.example.transaction.order.delayed.v1";
    Broken = "org.example.transaction.order.broken.v1";
    Shared = "org.example.transaction.order.shared.v1";
    Nested = "org.example.transaction.order.nested.v1";
    Unheard = "org.example.transaction.order.unheard.v1";
    Traced = "org.example.transaction.order.traced.v1";
}

#[test]
fn an_event_is_sent_if_and_only_if_the_transaction_commits() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let _connection = COMMITTED.connect_with("sees", 0, |_| {});
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
    assert!(published(&transport).is_empty(), "no relay runs yet");
    let bus = start::<Committed>(&transport, shop.outbox());
    shop.is_emptied();
    let ids = |records: Vec<Record>| -> Vec<_> {
        records.into_iter().map(|record| record.metadata).collect()
    };
    assert_eq!(
        ids(published(&transport)),
        sent,
        "in order, with the metadata of the send"
    );
    assert_eq!(numbers(&published(&transport)), [1, 2, 4]);
    assert_eq!(published(&transport)[0].key.as_deref(), Some("ada"));
    // The receivers of this service get each event, too, and the topic is not one of them.
    let work = local_work(&transport);
    assert_eq!(ids(work.clone()), sent);
    assert!(
        work.iter()
            .all(|record| record.receivers.len() == 1 && &*record.receivers[0] == "sees"),
        "{work:?}"
    );
    assert!(
        work.iter()
            .all(|record| !record.from_event_bus && record.key.as_deref() == Some("ada"))
    );
    // While the bus runs, too.
    let mut order = connection.transaction().unwrap();
    let last = transaction::send_in(&mut order, &COMMITTED, Committed::of(5)).unwrap();
    order.commit().unwrap();
    shop.is_emptied();
    assert_eq!(ids(published(&transport)).last(), Some(&last));
    stop(bus);
}

#[test]
fn an_event_without_receivers_in_the_service_makes_no_work() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    shop.send(&UNHEARD, [Unheard::of(1)]);
    let bus = start::<Unheard>(&transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    assert_eq!(published(&transport).len(), 1);
    assert!(local_work(&transport).is_empty());
}

#[test]
fn rows_stay_while_the_transport_is_down_and_are_published_once() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let _connection = DELAYED.connect_with("sees", 0, |_| {});
    transport.down.store(true, Ordering::SeqCst);
    shop.send(&DELAYED, (1..=2).map(Delayed::of));
    let bus = start::<Delayed>(&transport, shop.outbox());
    let failures = || bus.relays()[0].stats().failures;
    eventually(|| failures() > 4, || "the relay tries again".into());
    shop.send(&DELAYED, [Delayed::of(3)]);
    assert_eq!(shop.left(), 3);
    // From now on each answer gets lost once.
    transport.unknown.store(4, Ordering::SeqCst);
    transport.down.store(false, Ordering::SeqCst);
    shop.is_emptied();
    assert_eq!(transport.unknown.load(Ordering::SeqCst), 0);
    assert_eq!(numbers(&published(&transport)), [1, 2, 3]);
    assert_eq!(numbers(&local_work(&transport)), [1, 2, 3]);
    stop(bus);
}

#[test]
fn a_row_that_cannot_be_sent_is_quarantined_and_returns_by_command() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let sent = shop.send(&BROKEN, (1..=4).map(Broken::of));
    let connection = shop.open();
    let damage = "CREATE TABLE kept AS SELECT * FROM events_outbox;
        UPDATE events_outbox SET body = x'ff' WHERE id = 1;
        UPDATE events_outbox SET event_type = 'org.example.nobody.v1' WHERE id = 2;
        UPDATE events_outbox SET metadata = x'ff' WHERE id = 3";
    connection.execute_batch(damage).unwrap();
    let bus = start::<Broken>(&transport, shop.outbox());
    eventually(
        || published(&transport).len() == 1,
        || "the last is published".into(),
    );
    assert_eq!(shop.left(), 3, "a row has three tries");
    eventually(|| shop.left() == 0, || "the rest is quarantined".into());
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
    assert!(problems[2].contains("metadata"), "{problems:?}");
    assert_eq!(sqlite::status(&connection).unwrap().quarantined, 3);
    let stats = bus.relays()[0].stats();
    assert_eq!((stats.sent, stats.quarantined), (1, 3), "{stats:?}");
    stop(bus);
    // A relay that starts leaves them alone.
    let bus = start::<Broken>(&transport, shop.outbox());
    let repair = "UPDATE events_outbox SET (event_type, metadata, body) =
        (SELECT event_type, metadata, body FROM kept WHERE kept.id = events_outbox.id)";
    connection.execute_batch(repair).unwrap();
    leads(&bus);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(sqlite::status(&connection).unwrap().quarantined, 3);
    assert_eq!(shop.outbox().requeue_quarantined().unwrap(), 3);
    eventually(
        || published(&transport).len() == 4,
        || "they are published".into(),
    );
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

#[test]
fn an_event_that_is_too_large_is_refused_by_the_send() {
    let shop = Shop::new();
    let mut event = Broken::of(1);
    event.customer = "a".repeat(16 << 20);
    let mut connection = shop.open();
    let mut order = connection.transaction().unwrap();
    let error = transaction::send_in(&mut order, &BROKEN, event.clone()).unwrap_err();
    assert!(
        error.to_string().contains("the limit is 16777216"),
        "{error}"
    );
    assert!(OutboxRow::of(&BROKEN, event).is_err());
}

#[test]
fn of_two_relays_one_publishes() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    let config = BusConfig::memory().with_route(Shared::INFO.event_type, "t");
    let bus = Bus::builder(quick(config))
        .transport(shared)
        .relay(shop.outbox())
        .relay(shop.outbox())
        .start()
        .unwrap();
    let states = || -> Vec<RelayState> {
        bus.relays()
            .iter()
            .map(|relay| relay.stats().state)
            .collect()
    };
    eventually(
        || states().contains(&RelayState::Leading) && states().contains(&RelayState::Standby),
        || format!("one leads: {:?}", states()),
    );
    shop.send(&SHARED, (1..=50).map(Shared::of));
    shop.is_emptied();
    let expected: Vec<_> = (1..=50).collect();
    assert_eq!(
        numbers(&published(&transport)),
        expected,
        "each once, in order"
    );
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
        "cannot write event `org.example.transaction.order.shared.v1` to the outbox of the transaction: the disk is full"
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
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
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
    let bus = start::<Nested>(&transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    assert_eq!(numbers(&published(&transport)), [1, 3, 5]);
}

#[test]
fn the_trace_of_the_sender_goes_on() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
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
