//! Events that are sent in transactions of a PostgreSQL database. Each test has an event of its own, and a database of its own.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg_attr(
    not(postgres_server),
    allow(dead_code, reason = "without a server, all of this is ignored")
)]

mod support {
    pub mod bus;
    pub mod flaky;
    mod orders;
    pub mod postgres_server;
    pub mod shop;
}

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use events_bus::Bus;
use events_bus::config::BusConfig;
use events_bus::transaction::postgres::{self as pg, PostgresOutbox};
use events_bus::transaction::{self, OutboxRow, OutboxSource};
use events_core::{Event, EventMetadata, Signal, Timestamp};
use postgres::error::SqlState;
use postgres::{Client, NoTls};

use support::bus::{Log, eventually, quick, stop};
use support::flaky::Flaky;
use support::postgres_server::PostgresServer;
use support::shop::{published, start};

order_events! {
    Stored = "org.example.postgres.order.stored.v1";
    Shared = "org.example.postgres.order.shared.v1";
    Crowded = "org.example.postgres.order.crowded.v1";
    Foreign = "org.example.postgres.order.foreign.v1";
    Limited = "org.example.postgres.order.limited.v1";
    Broken = "org.example.postgres.order.broken.v1";
}

fn send<E: Event>(client: &mut Client, signal: &'static Signal<E>, event: E, commit: bool) {
    let mut order = client.transaction().unwrap();
    transaction::send_in(&mut order, signal, event).unwrap();
    if commit {
        order.commit().unwrap();
    } else {
        order.rollback().unwrap();
    }
}

fn left(client: &Mutex<Client>) -> u64 {
    pg::status(&mut *client.lock().unwrap()).unwrap().waiting
}

#[track_caller]
fn is_emptied(client: &Mutex<Client>) {
    eventually(
        || left(client) == 0,
        || format!("the outbox is empty: {}", left(client)),
    );
}

fn outbox(url: &str) -> PostgresOutbox {
    PostgresOutbox::new(url.parse().unwrap())
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn an_event_is_sent_if_the_transaction_commits_and_the_server_may_go_away_meanwhile() {
    let mut server = PostgresServer::start();
    let (transport, log) = (Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = STORED.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let mut client = server.client();
    pg::create_tables(&mut client).unwrap();
    pg::create_tables(&mut client).unwrap();
    send(&mut client, &STORED, Stored::of(1), true);
    send(&mut client, &STORED, Stored::of(2), false);
    let bus = start::<Stored>(&transport, outbox(&server.url()));
    assert_eq!(log.wait_for(1), ["1"]);
    send(&mut client, &STORED, Stored::of(3), true);
    assert_eq!(log.wait_for(2), ["1", "3"]);
    for number in 4..=6 {
        drop(client);
        server.restart();
        client = server.client();
        send(&mut client, &STORED, Stored::of(number), true);
    }
    let client = Mutex::new(client);
    is_emptied(&client);
    stop(bus);
    let lines = log.lines();
    assert_eq!(lines[..2], ["1", "3"]);
    let mut first = lines.clone();
    first.dedup();
    assert_eq!(first, ["1", "3", "4", "5", "6"]);
    // What was sent and not yet removed when the server went away is known to this process.
    assert_eq!(lines.len(), 5, "{lines:?}");
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn an_inbox_tells_what_was_handled_before() {
    let server = PostgresServer::shared();
    let url = server.database("inbox");
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    let metadata = EventMetadata::new("org.example.postgres.order.handled.v1");
    let mut firsts = Vec::new();
    for commit in [false, true, true] {
        let mut transaction = client.transaction().unwrap();
        firsts.push(transaction::first_time(&mut transaction, "a", &metadata).unwrap());
        if commit {
            transaction.commit().unwrap();
        }
    }
    assert_eq!(firsts, [true, true, false]);
    // Two at the same time: the second waits, and knows what became of the first.
    let mut first = client.transaction().unwrap();
    assert!(transaction::first_time(&mut first, "b", &metadata).unwrap());
    let (again, other) = (metadata.clone(), url);
    let second = thread::spawn(move || {
        let mut client = Client::connect(&other, NoTls).unwrap();
        let mut transaction = client.transaction().unwrap();
        transaction::first_time(&mut transaction, "b", &again).unwrap()
    });
    thread::sleep(Duration::from_millis(100));
    first.commit().unwrap();
    assert!(!second.join().unwrap());
    assert_eq!(pg::forget_before(&mut client, Timestamp::MAX).unwrap(), 2);
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn of_two_relays_one_sends_and_the_other_takes_over() {
    let server = PostgresServer::shared();
    let url = server.database("relays");
    let log = Log::default();
    let seen = log.clone();
    let _connection = SHARED.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let bus = Bus::builder(quick(BusConfig::memory()))
        .relay(outbox(&url))
        .relay(outbox(&url))
        .start()
        .unwrap();
    let leads = || {
        let relays = bus.relays().iter();
        relays.filter(|relay| relay.stats().leads).count()
    };
    eventually(|| leads() == 1, || "one leads".into());
    let mut client = Client::connect(&url, NoTls).unwrap();
    for number in 1..=20 {
        send(&mut client, &SHARED, Shared::of(number), true);
    }
    log.wait_for(20);
    // The connection of the leader, and with it its lock.
    let ended = client
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks
             WHERE locktype = 'advisory' AND classid = 1702260340 AND objid <> 0
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            &[],
        )
        .unwrap();
    assert_eq!(ended, 1);
    for number in 21..=40 {
        send(&mut client, &SHARED, Shared::of(number), true);
    }
    let client = Mutex::new(client);
    is_emptied(&client);
    let mut lines = log.lines();
    lines.dedup();
    let expected: Vec<_> = (1..=40).map(|number| number.to_string()).collect();
    assert_eq!(lines, expected, "in order");
    // Tables of another schema are another outbox, with a lead of its own.
    let create = "CREATE SCHEMA other; SET search_path = other";
    client.lock().unwrap().batch_execute(create).unwrap();
    let mut other = outbox(&format!("{url} options='-c search_path=other'"));
    assert!(other.lead().unwrap());
    let mut third = outbox(&url);
    assert!(!third.lead().unwrap());
    stop(bus);
    eventually_leads(&mut third);
}

/// A server notices the end of a connection a moment later.
#[track_caller]
fn eventually_leads(outbox: &mut PostgresOutbox) {
    let outbox = Mutex::new(outbox);
    eventually(
        || outbox.lock().unwrap().lead().unwrap(),
        || "it leads".into(),
    );
}

/// Many write at the same time, make the tables at the same time, and roll back as they like.
#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn what_many_commit_is_sent_in_the_order_of_each() {
    const WRITERS: i64 = 6;
    const EACH: i64 = 60;
    let server = PostgresServer::shared();
    let url = server.database("crowd");
    let (transport, log) = (Arc::new(Flaky::default()), Log::default());
    let seen = log.clone();
    let _connection = CROWDED.connect_with("sees", 0, move |event| {
        seen.add(format!("{} {}", event.customer, event.number));
    });
    let bus = start::<Crowded>(&transport, outbox(&url));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let url = url.clone();
            thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(writer.unsigned_abs());
                let mut client = Client::connect(&url, NoTls).unwrap();
                pg::create_tables(&mut client).unwrap();
                let mut committed = Vec::new();
                for number in 1..=EACH {
                    let mut event = Crowded::of(number);
                    event.customer = format!("w{writer}");
                    let commit = random.u8(..4) > 0;
                    send(&mut client, &CROWDED, event, commit);
                    if commit {
                        committed.push(number);
                    }
                }
                committed
            })
        })
        .collect();
    let mut expected = BTreeMap::new();
    for (writer, handle) in writers.into_iter().enumerate() {
        expected.insert(format!("w{writer}"), handle.join().unwrap());
    }
    let client = Mutex::new(Client::connect(&url, NoTls).unwrap());
    is_emptied(&client);
    stop(bus);
    let mut handled: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for line in log.lines() {
        let (writer, number) = line.split_once(' ').unwrap();
        let numbers = handled.entry(writer.to_owned()).or_default();
        numbers.push(number.parse().unwrap());
    }
    assert_eq!(handled, expected);
    assert_eq!(
        published(&transport).len(),
        expected.values().map(Vec::len).sum::<usize>()
    );
}

/// An async client runs the statement itself.
#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn another_client_inserts_a_row_itself() {
    let server = PostgresServer::shared();
    let url = server.database("foreign_client");
    let log = Log::default();
    let seen = log.clone();
    let _connection = FOREIGN.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let bus = start::<Foreign>(&Arc::new(Flaky::default()), outbox(&url));
    let client = Mutex::new(Client::connect(&url, NoTls).unwrap());
    eventually(
        || pg::status(&mut *client.lock().unwrap()).is_ok(),
        || "the relay has made the tables".into(),
    );
    let row = OutboxRow::of(&FOREIGN, Foreign::of(1)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let order = client.transaction().await.unwrap();
        let event_id = row.event_id.to_string();
        order
            .execute(
                pg::INSERT,
                &[
                    &event_id,
                    &row.event_type,
                    &row.metadata,
                    &row.trace,
                    &row.body,
                ],
            )
            .await
            .unwrap();
        order.commit().await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    });
    assert_eq!(log.wait_for(1), ["1"]);
    is_emptied(&client);
    stop(bus);
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn a_relay_needs_no_right_to_make_tables() {
    let server = PostgresServer::shared();
    let url = server.database("limited");
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    client
        .batch_execute(
            "CREATE ROLE relay LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
             GRANT SELECT, UPDATE, DELETE ON events_outbox TO relay",
        )
        .unwrap();
    let as_relay = url.replace("user=events", "user=relay");
    assert_ne!(as_relay, url);
    let bus = start::<Limited>(&Arc::new(Flaky::default()), outbox(&as_relay));
    send(&mut client, &LIMITED, Limited::of(1), true);
    is_emptied(&Mutex::new(client));
    assert_eq!(bus.relays()[0].stats().sent, 1);
    stop(bus);
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn an_error_says_what_the_server_says_and_repeats_no_values() {
    let server = PostgresServer::shared();
    let url = server.database("errors");
    let mut client = Client::connect(&url, NoTls).unwrap();
    let mut order = client.transaction().unwrap();
    let error = transaction::send_in(&mut order, &BROKEN, Broken::of(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "event `org.example.postgres.order.broken.v1` could not be written to the outbox of the transaction: db error: \
         relation \"events_outbox\" does not exist (42P01)"
    );
    let cause = error.source().unwrap().downcast_ref::<postgres::Error>();
    assert_eq!(cause.unwrap().code(), Some(&SqlState::UNDEFINED_TABLE));
    order.rollback().unwrap();
    pg::create_tables(&mut client).unwrap();
    client
        .batch_execute("ALTER TABLE events_outbox ADD CHECK (event_type = 'none')")
        .unwrap();
    let mut order = client.transaction().unwrap();
    let error = transaction::send_in(&mut order, &BROKEN, Broken::of(1)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("violates check constraint"), "{text}");
    assert!(!text.contains("Failing row"), "{text}");
}

#[test]
fn a_configuration_that_cannot_work_refuses_to_start() {
    for (configuration, problem) in [
        (
            "host=db.example sslmode=require password=secret",
            "asks for TLS",
        ),
        ("user=shop password=secret", "names no host"),
    ] {
        let outbox = outbox(configuration);
        assert!(!format!("{outbox:?}").contains("secret"));
        let error = Bus::builder(quick(BusConfig::memory()))
            .relay(outbox)
            .start()
            .unwrap_err()
            .to_string();
        assert!(error.contains(problem), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let outbox = outbox("postgresql://shop:secret@db.example:6432/orders");
    assert_eq!(outbox.name(), "postgres db.example:6432/orders");
}
