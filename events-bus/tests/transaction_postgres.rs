//! Events that are sent in transactions of a PostgreSQL database. Each test has an event of its own, and a database of its own.

#![allow(
    clippy::print_stdout,
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
    pub mod gate;
    pub mod ledger;
    mod orders;
    pub mod postgres_server;
    pub mod shop;
}

#[path = "parts/transaction_postgres_processes.rs"]
mod processes;
#[path = "parts/transaction_postgres_rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::Bus;
use events_bus::config::BusConfig;
use events_bus::transaction::postgres::{self as pg, PostgresOutbox};
use events_bus::transaction::{self, OutboxRow, OutboxSource, RelayState, Term};
use events_bus::transport::SharedTransport;
use events_core::{Event, EventMetadata, Signal, Timestamp};
use postgres::error::SqlState;
use postgres::{Client, NoTls};

use support::bus::{eventually, quick, stop};
use support::gate::Gate;
use support::ledger::Ledger;
use support::postgres_server::PostgresServer;
use support::shop::{LEASE, leads, numbers, published, start};

order_events! {
    Stored = "org.example.postgres.order.stored.v1";
    Shared = "org.example.postgres.order.shared.v1";
    Crowded = "org.example.postgres.order.crowded.v1";
    Foreign = "org.example.postgres.order.foreign.v1";
    Limited = "org.example.postgres.order.limited.v1";
    Broken = "org.example.postgres.order.broken.v1";
    Fought = "org.example.postgres.order.fought.v1";
    Late = "org.example.postgres.order.late.v1";
    Held = "org.example.postgres.order.held.v1";
    Poison = "org.example.postgres.order.poison.v1";
    Large = "org.example.postgres.order.large.v1";
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
    let transport = Arc::new(Gate::default());
    let mut client = server.client();
    pg::create_tables(&mut client).unwrap();
    pg::create_tables(&mut client).unwrap();
    send(&mut client, &STORED, Stored::of(1), true);
    send(&mut client, &STORED, Stored::of(2), false);
    let bus = start::<Stored>(&transport, outbox(&server.url()));
    let publishes = |expected: &[i64]| {
        eventually(
            || numbers(&published(&transport)) == expected,
            || format!("{:?}", numbers(&published(&transport))),
        );
    };
    publishes(&[1]);
    send(&mut client, &STORED, Stored::of(3), true);
    publishes(&[1, 3]);
    for number in 4..=6 {
        drop(client);
        server.restart();
        client = server.client();
        send(&mut client, &STORED, Stored::of(number), true);
    }
    let client = Mutex::new(client);
    is_emptied(&client);
    // A database that is away is neither a standby nor a leader.
    server.stop("-QUIT");
    let state = || bus.relays()[0].stats().state;
    eventually(
        || matches!(state(), RelayState::Unreachable { .. }),
        || format!("{:?}", state()),
    );
    server.restart();
    leads(&bus);
    stop(bus);
    // Rows that were published and not yet removed when the server went away are known to the relay.
    publishes(&[1, 3, 4, 5, 6]);
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
fn of_two_relays_one_publishes_and_the_other_takes_over() {
    let server = PostgresServer::shared();
    let url = server.database("relays");
    let transport = Arc::new(Gate::default());
    let first = start::<Shared>(&transport, outbox(&url));
    leads(&first);
    let second = start::<Shared>(&transport, outbox(&url));
    let state = |bus: &Bus| bus.relays()[0].stats().state;
    eventually(
        || state(&second) == RelayState::Standby,
        || format!("{:?}", state(&second)),
    );
    let mut client = Client::connect(&url, NoTls).unwrap();
    for number in 1..=20 {
        send(&mut client, &SHARED, Shared::of(number), true);
    }
    let client = Mutex::new(client);
    is_emptied(&client);
    // Its connection ends, and its lease does not: it connects again, and goes on.
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.lock().unwrap().execute(terminate, &[]).unwrap();
    send(&mut client.lock().unwrap(), &SHARED, Shared::of(21), true);
    is_emptied(&client);
    leads(&first);
    let epochs = |client: &Mutex<Client>| -> i64 {
        let mut client = client.lock().unwrap();
        let row = client.query_one("SELECT counter FROM events_outbox_lease", &[]);
        row.unwrap().get(0)
    };
    assert_eq!(epochs(&client), 1);
    stop(first);
    leads(&second);
    send(&mut client.lock().unwrap(), &SHARED, Shared::of(22), true);
    is_emptied(&client);
    assert_eq!(epochs(&client), 2);
    assert_eq!(
        numbers(&published(&transport)),
        (1..=22).collect::<Vec<_>>()
    );
    // Tables of another schema are another outbox, with a lead of its own.
    let create = "CREATE SCHEMA other; SET search_path = other";
    client.lock().unwrap().batch_execute(create).unwrap();
    let lease = Duration::from_secs(3);
    let mut other = outbox(&format!("{url} options='-c search_path=other'"));
    assert!(other.lead(lease).unwrap().is_some());
    let mut third = outbox(&url);
    assert!(third.lead(lease).unwrap().is_none());
    stop(second);
    assert!(third.lead(lease).unwrap().is_some());
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
    let transport = Arc::new(Gate::default());
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
    let mut got: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for record in published(&transport) {
        let numbers = got
            .entry(record.key.as_deref().unwrap().to_owned())
            .or_default();
        numbers.push(support::shop::number(&record.body));
    }
    assert_eq!(got, expected);
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
    let transport = Arc::new(Gate::default());
    let bus = start::<Foreign>(&transport, outbox(&url));
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
    is_emptied(&client);
    stop(bus);
    assert_eq!(numbers(&published(&transport)), [1]);
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn a_relay_needs_no_right_to_create_tables() {
    let server = PostgresServer::shared();
    let url = server.database("limited");
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    client
        .batch_execute(
            "CREATE ROLE relay LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
             GRANT SELECT, UPDATE, DELETE ON events_outbox TO relay;
             GRANT SELECT, INSERT, UPDATE ON events_outbox_lease TO relay",
        )
        .unwrap();
    let as_relay = url.replace("user=events", "user=relay");
    assert_ne!(as_relay, url);
    let bus = start::<Limited>(&Arc::new(Gate::default()), outbox(&as_relay));
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
        "cannot write event `org.example.postgres.order.broken.v1` to the outbox of the transaction: db error: \
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
