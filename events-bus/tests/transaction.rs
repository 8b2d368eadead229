//! Events that are sent in transactions of the caller's own database. Each test has an event of its own.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod flaky;
    pub mod postgres_server;
}

use std::sync::Arc;
use std::sync::atomic::Ordering;

use events_bus::Bus;
use events_bus::config::BusConfig;
use events_bus::transaction::sqlite::{self, SqliteOutbox};
use events_bus::transaction::{self, OutboxTransaction, postgres as pg};
use events_bus::transport::{Position, SharedTransport, Transport};
use events_core::{Event, EventMetadata, event};
use rusqlite::Connection;
use tempfile::TempDir;

use support::bus::{Log, eventually, quick, stop};
use support::flaky::Flaky;
use support::postgres_server::PostgresServer;

macro_rules! events {
    ($($name:ident = $event_type:literal;)*) => {
        $(
            #[event(type = $event_type, key = customer)]
            #[derive(Eq)]
            #[non_exhaustive]
            pub struct $name {
                pub number: i64,
                pub customer: String,
            }

            impl $name {
                fn of(number: i64) -> Self {
                    Self { number, customer: "ada".to_owned() }
                }
            }
        )*
    };
}

events! {
    Committed = "org.example.transaction.order.committed.v1";
    Delayed = "org.example.transaction.order.delayed.v1";
    Broken = "org.example.transaction.order.broken.v1";
    Shared = "org.example.transaction.order.shared.v1";
    Stored = "org.example.transaction.order.stored.v1";
}

/// A database of the caller's.
struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        let connection = shop.open();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        sqlite::create_tables(&connection).unwrap();
        connection
            .execute_batch("CREATE TABLE orders (number INTEGER)")
            .unwrap();
        shop
    }

    fn open(&self) -> Connection {
        Connection::open(self.0.path().join("shop.db")).unwrap()
    }

    fn outbox(&self) -> SqliteOutbox {
        SqliteOutbox::new(self.0.path().join("shop.db"))
    }

    fn left(&self) -> i64 {
        let count = "SELECT count(*) FROM events_outbox WHERE problem IS NULL";
        self.open().query_row(count, [], |row| row.get(0)).unwrap()
    }
}

fn start<E: Event>(transport: &Arc<Flaky>, relay: impl transaction::OutboxSource + 'static) -> Bus {
    let shared: SharedTransport = Arc::clone(transport) as SharedTransport;
    Bus::builder(quick(
        BusConfig::memory().with_route(E::INFO.event_type, "t"),
    ))
    .transport(shared)
    .relay(relay)
    .start()
    .unwrap()
}

fn published(transport: &Flaky) -> Vec<EventMetadata> {
    let entries = transport.read("t", Position::Oldest, 1000);
    let entries = entries.unwrap_or_default().into_iter();
    entries
        .map(|entry| entry.record.unwrap().metadata)
        .collect()
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
    assert_eq!(published(&transport), sent, "with the metadata of then");
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
    let forgotten = sqlite::forget_before(&shop.open(), events_core::Timestamp::MAX).unwrap();
    assert_eq!(forgotten, 2);
    assert!(first_time("a", true));
}

/// What a user of another client writes.
struct Own<'a>(Vec<&'a str>);

impl OutboxTransaction for Own<'_> {
    fn insert(&mut self, row: &transaction::OutboxRow) -> Result<(), events_core::BoxError> {
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
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn postgresql_does_the_same_and_may_go_away_meanwhile() {
    let mut server = PostgresServer::start();
    let (transport, log) = (Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = STORED.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let mut client = server.client();
    pg::create_tables(&mut client).unwrap();
    let send = |client: &mut postgres::Client, number: i64, commit: bool| {
        let mut order = client.transaction().unwrap();
        transaction::send_in(&mut order, &STORED, Stored::of(number)).unwrap();
        if commit {
            order.commit().unwrap();
        } else {
            order.rollback().unwrap();
        }
    };
    send(&mut client, 1, true);
    send(&mut client, 2, false);
    let bus = start::<Stored>(
        &transport,
        pg::PostgresOutbox::new(server.url().parse().unwrap()),
    );
    assert_eq!(log.wait_for(1), ["1"]);
    send(&mut client, 3, true);
    assert_eq!(log.wait_for(2), ["1", "3"]);
    drop(client);
    server.restart();
    let mut client = server.client();
    send(&mut client, 4, true);
    assert_eq!(log.wait_for(3), ["1", "3", "4"]);
    let metadata = EventMetadata::new("org.example.transaction.order.handled.v1");
    let mut firsts = Vec::new();
    for _ in 0..2 {
        let mut transaction = client.transaction().unwrap();
        firsts.push(transaction::first_time(&mut transaction, "a", &metadata).unwrap());
        transaction.commit().unwrap();
    }
    assert_eq!(firsts, [true, false]);
    stop(bus);
    let left = client
        .query_one("SELECT count(*) FROM events_outbox", &[])
        .unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}
