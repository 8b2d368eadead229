//! The file of an outbox is restored, copied and shared, and the server forgets: every event that a send accepted reaches its topic.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/actor.rs"]
mod actor;
#[path = "support/forwarder.rs"]
mod forwarder;
#[path = "support/logs.rs"]
mod logs;
#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_server;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::{Position, SharedTransport};

use actor::{Actor, last_number};
use forwarder::Forwarder;
use logs::{Logs, until};
use redis_server::RedisServer;

/// A bus, and the files of its outboxes.
struct Case {
    logs: Logs,
    bus: String,
    transport: SharedTransport,
}

impl Case {
    fn sqlite() -> Self {
        let logs = Logs::new();
        let path = logs.path("events.db");
        Self {
            bus: format!("sqlite:{}", path.display()),
            transport: open(&BusConfig::sqlite(path)),
            logs,
        }
    }

    fn redis(url: String) -> Self {
        Self {
            logs: Logs::new(),
            transport: open(&BusConfig::redis(&url)),
            bus: url,
        }
    }

    fn outbox(&self, name: &str) -> PathBuf {
        self.logs.path(name)
    }

    /// Starts a process that sends numbers through an outbox of its own or a shared one.
    fn start(&self, outbox: &Path, log: &str, first: i64, count: i64) -> Actor {
        self.start_with(outbox, log, first, count, &[])
    }

    fn start_with(
        &self,
        outbox: &Path,
        log: &str,
        first: i64,
        count: i64,
        environment: &[(&str, String)],
    ) -> Actor {
        let log = self.logs.path(log).display().to_string();
        let mut environment = environment.to_vec();
        environment.push(("EVENTS_OUTBOX", outbox.display().to_string()));
        let (first, count) = (first.to_string(), count.to_string());
        Actor::start_with(
            &["produce", &self.bus, &first, &count, "0", &log],
            &environment,
        )
    }

    fn send(&self, outbox: &Path, first: i64, count: i64) {
        self.start(outbox, "sent", first, count).finish();
    }

    /// The numbers in the topic, in order, with those that are there more than once.
    fn numbers(&self) -> Vec<i64> {
        let mut numbers = Vec::new();
        let mut from = Position::Oldest;
        loop {
            let page = self.transport.read("numbers", from, 1000).unwrap();
            let Some(last) = page.last() else {
                return numbers;
            };
            from = Position::After(last.id);
            numbers.extend(page.iter().map(|entry| {
                let record = entry.record.as_ref().unwrap();
                first_long(&record.body)
            }));
        }
    }

    #[track_caller]
    fn has_all(&self, wanted: impl IntoIterator<Item = i64>) {
        let there: BTreeSet<i64> = self.numbers().into_iter().collect();
        let lost: Vec<i64> = wanted
            .into_iter()
            .filter(|number| !there.contains(number))
            .collect();
        assert!(
            lost.is_empty(),
            "{} of the accepted events are lost: {lost:?}",
            lost.len()
        );
    }
}

fn open(config: &BusConfig) -> SharedTransport {
    events_bus::open(config).unwrap().unwrap()
}

/// The first field of a body: an Avro long.
fn first_long(body: &[u8]) -> i64 {
    let mut number = 0_u64;
    for (index, byte) in body.iter().enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            break;
        }
    }
    i64::try_from(number >> 1).unwrap() * if number & 1 == 0 { 1 } else { -1 }
}

/// Copies a database as a backup does.
fn back_up(from: &Path, to: &Path) {
    let connection = rusqlite::Connection::open(from).unwrap();
    connection
        .execute("VACUUM INTO ?", [to.display().to_string()])
        .unwrap();
}

/// Puts a backup in the place of a file, as an operator does while nothing runs.
fn restore(backup: &Path, file: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", file.display()));
    }
    fs::copy(backup, file).unwrap();
}

fn restored(case: &Case) {
    let (outbox, backup) = (case.outbox("outbox.db"), case.outbox("backup.db"));
    case.send(&outbox, 1, 100);
    back_up(&outbox, &backup);
    case.send(&outbox, 101, 200);
    restore(&backup, &outbox);
    case.send(&outbox, 301, 150);
    case.has_all(1..=450);
    // Once more: the new incarnation is in the file now, and goes on.
    case.send(&outbox, 451, 50);
    case.has_all(1..=500);
    assert_eq!(case.numbers().len(), 500, "each of them once");
}

/// The batch that comes from the restored file has numbers that the topic knows with other events.
fn restored_in_the_middle_of_the_numbers(case: &Case) {
    let (outbox, backup) = (case.outbox("outbox.db"), case.outbox("backup.db"));
    case.send(&outbox, 1, 200);
    back_up(&outbox, &backup);
    case.send(&outbox, 201, 100);
    restore(&backup, &outbox);
    case.send(&outbox, 301, 50);
    case.has_all(1..=350);
}

/// Two machines are made from one image, each with its copy of the outbox.
fn cloned(case: &Case) {
    let image = case.outbox("image.db");
    case.send(&image, 1, 0);
    let copies = ["one", "two"].map(|name| {
        let copy = case.outbox(&format!("{name}.db"));
        back_up(&image, &copy);
        copy
    });
    case.start(&copies[0], "one", 1, 100).finish();
    case.start(&copies[1], "two", 101, 100).finish();
    case.has_all(1..=200);
    // Both at the same time.
    let one = case.start(&copies[0], "one", 201, 500);
    let two = case.start(&copies[1], "two", 701, 500);
    one.finish();
    two.finish();
    case.has_all(1..=1200);
}

#[test]
fn a_restored_outbox_over_sqlite() {
    restored(&Case::sqlite());
    restored_in_the_middle_of_the_numbers(&Case::sqlite());
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_restored_outbox_over_redis() {
    let server = RedisServer::start();
    restored(&Case::redis(server.url()));
    server.flush_all();
    restored_in_the_middle_of_the_numbers(&Case::redis(server.url()));
}

#[test]
fn cloned_outboxes_over_sqlite() {
    cloned(&Case::sqlite());
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn cloned_outboxes_over_redis() {
    let server = RedisServer::start();
    cloned(&Case::redis(server.url()));
}

/// Two processes share a file. The one that publishes is paused beyond its lease while the server is away, and goes on when the other
/// one publishes.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_shared_outbox_whose_publisher_is_paused() {
    let mut server = RedisServer::durable();
    let case = Case::redis(server.url());
    let outbox = case.outbox("outbox.db");
    let first = case.start_with(
        &outbox,
        "first",
        1,
        1000,
        &[("SEND_PAUSE_US", "5000".to_owned())],
    );
    until("the first publishes", || case.numbers().len() > 5);
    first.pause();
    server.kill();
    let sent = |name: &str| last_number(&case.logs.path(name));
    let second = case.start(&outbox, "second", 10_001, 3000);
    until("the second has sent", || sent("second") == 13_000);
    // The lease of a publisher.
    thread::sleep(Duration::from_secs(11));
    server.start_again();
    first.go_on();
    second.finish();
    first.finish();
    let accepted = sent("first");
    case.has_all((1..=accepted).chain(10_001..=13_000));
    let numbers = case.numbers();
    let from_second: Vec<i64> = numbers
        .into_iter()
        .filter(|number| *number > 10_000)
        .collect();
    let mut seen = BTreeSet::new();
    let first_time: Vec<i64> = from_second
        .iter()
        .copied()
        .filter(|number| seen.insert(*number))
        .collect();
    assert!(first_time.is_sorted(), "out of order");
}

/// A process that is told to stop says that events wait, also when it sent none of them itself.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_backlog_is_reported_at_shutdown() {
    let mut server = RedisServer::start();
    let case = Case::redis(server.url());
    server.kill();
    let outbox = case.outbox("outbox.db");
    let short = [("SHUTDOWN_MS", "500".to_owned())];
    let sender = case.start_with(&outbox, "sent", 1, 500, &short);
    assert!(!sender.ended_well(), "500 events wait");
    let idle = case.start_with(&outbox, "sent", 501, 0, &short);
    assert!(!idle.ended_well(), "500 events still wait");
    server.start_again();
    case.send(&outbox, 501, 0);
    case.has_all(1..=500);
}

/// The server fails over to a replica that is behind. The outbox publishes again what the replica does not know.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_failover_to_a_lagging_replica() {
    let mut primary = RedisServer::start();
    let replication = Forwarder::start(primary.port());
    let replica = RedisServer::with(&[
        "--replicaof",
        &format!("127.0.0.1 {}", replication.port()),
        "--repl-diskless-sync-delay",
        "0",
    ]);
    let way = Forwarder::start(primary.port());
    let case = Case::redis(way.url());
    let outbox = case.outbox("outbox.db");
    let producer = case.start_with(
        &outbox,
        "sent",
        1,
        6000,
        &[("SEND_PAUSE_US", "1000".to_owned())],
    );
    let sent = || last_number(&case.logs.path("sent"));
    until("the replica follows", || {
        sent() > 500 && replica.entries("numbers") > 300
    });
    replication.freeze();
    let behind = replica.entries("numbers");
    thread::sleep(Duration::from_millis(1500));
    let ahead = primary.entries("numbers");
    assert!(
        ahead > behind + 100,
        "the replica is behind: {behind} of {ahead}"
    );
    primary.kill();
    replication.cut();
    redis::cmd("REPLICAOF")
        .arg("NO")
        .arg("ONE")
        .exec(&mut replica.client())
        .unwrap();
    way.switch(replica.port());
    way.cut();
    producer.finish();
    case.has_all(1..=6000);
    let numbers = case.numbers();
    let mut seen = BTreeSet::new();
    let first_time: Vec<i64> = numbers
        .iter()
        .copied()
        .filter(|number| seen.insert(*number))
        .collect();
    assert!(first_time.is_sorted(), "out of order");
}

/// The server loses everything while the outbox is idle. Within the time that published rows stay, the next event repairs the topic.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_server_that_was_emptied() {
    let server = RedisServer::start();
    let case = Case::redis(server.url());
    let outbox = case.outbox("outbox.db");
    case.send(&outbox, 1, 300);
    server.flush_all();
    case.send(&outbox, 301, 1);
    case.has_all(1..=301);
}
