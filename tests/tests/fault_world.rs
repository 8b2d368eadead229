//! What a bus stands on fails it: the server stops, is full, loses its data; the disk is full; a consumer is halted and comes back
//! as if nothing had happened. Afterwards everything that was accepted was handled, in the order of each key.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/actor.rs"]
mod actor;
#[path = "support/logs.rs"]
mod logs;
#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_server;

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use actor::{Actor, IN_FLIGHT};
use logs::{Logs, until};
use redis_server::RedisServer;

/// Nothing answers, longer than a call may take. What was published in doubt is not published twice.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn redis_is_halted() {
    let (server, logs) = (RedisServer::start(), Logs::new());
    let url = server.url();
    let consumer = logs.consume(&url);
    let producer = logs.produce(&url, 1, 4000);
    logs.until_sent(500);
    server.pause();
    thread::sleep(Duration::from_secs(7));
    server.go_on();
    producer.finish();
    logs.until_seen(4000);
    consumer.finish();
    assert_eq!(server.entries("numbers"), 4000, "each of them once");
    let twice = logs.check(4000);
    assert!(
        twice <= IN_FLIGHT,
        "{twice} handled twice: more than one consumer has under way"
    );
}

/// It has no memory left for a while: the outbox holds what it refuses.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn redis_is_full() {
    let (server, logs) = (RedisServer::start(), Logs::new());
    let url = server.url();
    let limit = |memory: &str| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("maxmemory").arg(memory);
        set.exec(&mut server.client()).unwrap();
    };
    let producer = logs.produce(&url, 1, 9_000);
    logs.until_sent(500);
    // Less than the outbox holds, which would have the sender wait.
    limit("1mb");
    logs.until_sent(9_000);
    thread::sleep(Duration::from_millis(500));
    let held = server.entries("numbers");
    assert!(held < 9_000, "{held} entries: it was never full");
    limit("0");
    producer.finish();
    assert_eq!(server.entries("numbers"), 9_000, "each of them once");
    let consumer = logs.consume(&url);
    logs.until_seen(9_000);
    consumer.finish();
    assert_eq!(logs.check(9_000), 0, "handled twice");
}

/// It comes back empty: without the stream, the group, and the numbers of the outbox. What waited in the outbox is published, and the
/// consumer makes its group again.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn redis_comes_back_without_its_data() {
    let (mut server, logs) = (RedisServer::start(), Logs::new());
    let url = server.url();
    let consumer = logs.consume(&url);
    logs.produce(&url, 1, 1000).finish();
    logs.until_seen(1000);
    // A service that runs on while the server is away.
    let producer = logs.produce(&url, 1001, 9_000);
    logs.until_sent(1200);
    server.pause();
    logs.until_sent(10_000);
    server.kill();
    // Everything of the producer that left its outbox within 20 seconds is published again.
    let again = logs.seen().len() - 1000;
    server.start_again();
    producer.finish();
    // Entries that were in the server alone are gone with it: those that were published and not read when it stopped.
    until("the end of it was handled", || {
        logs.seen().iter().any(|(_, number)| *number == 10_000)
    });
    consumer.finish();
    let seen = logs.seen();
    let handled: HashSet<_> = seen.iter().map(|(_, number)| *number).collect();
    let lost: Vec<_> = (1..=10_000)
        .filter(|number| !handled.contains(number))
        .collect();
    // They are consecutive: everything behind them came from the outbox.
    if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
        assert_eq!(
            last - first + 1,
            i64::try_from(lost.len()).unwrap(),
            "{lost:?}"
        );
        assert!(lost.len() < 9_000, "the outbox was not published: {lost:?}");
    }
    let twice = seen.len() - handled.len();
    assert!(twice <= again + IN_FLIGHT, "{twice} handled twice");
}

/// The file is damaged in its middle: a consumer neither handles what is not there nor keeps a processor busy, and goes on with a
/// backup.
#[test]
fn the_file_is_damaged() {
    let logs = Logs::new();
    let (file, backup) = (logs.path("events.db"), logs.path("backup.db"));
    let bus = format!("sqlite:{}", file.display());
    let sent = logs.path("sent").display().to_string();
    Actor::start(&["produce", &bus, "1", "4000", "500", &sent]).finish();
    let store = rusqlite::Connection::open(&file).unwrap();
    store
        .execute("VACUUM INTO ?", [backup.display().to_string()])
        .unwrap();
    // The pages are in the file, and not in its write-ahead log.
    store
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(store);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 4..bytes.len() * 3 / 4;
    bytes[middle].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();

    let consumer = logs.consume(&bus);
    thread::sleep(Duration::from_secs(3));
    let busy = consumer.busy().unwrap_or_default();
    assert!(busy < Duration::from_secs(2), "it was busy for {busy:?}");
    consumer.kill();
    let seen = logs.seen();
    assert!(seen.len() < 4000, "half of it is not there");
    assert!(seen.iter().all(|(_, number)| (1..=4000).contains(number)));

    for name in ["events.db", "events.db-wal", "events.db-shm"] {
        let _ = std::fs::remove_file(logs.path(name));
    }
    std::fs::copy(&backup, &file).unwrap();
    let consumer = logs.consume(&bus);
    logs.until_seen(4000);
    consumer.finish();
    logs.check(4000);
}

/// Services of a machine are started together, and one of them makes the file.
#[test]
fn many_processes_open_a_new_file_at_the_same_time() {
    for _ in 0..12 {
        let logs = Logs::new();
        let bus = format!("sqlite:{}", logs.path("events.db").display());
        let mut consumers = [(); 5].map(|()| logs.consume(&bus));
        for consumer in &mut consumers {
            assert!(consumer.memory() > 0, "it has started");
        }
    }
}

/// A consumer is halted for longer than its lease, and goes on as if it still had it.
#[test]
fn two_consumers_fight_over_a_group() {
    let logs = Logs::new();
    let bus = format!("sqlite:{}", logs.path("events.db").display());
    let mut consumers = [logs.consume(&bus), logs.consume(&bus)];
    // They have started when they answer: one that is halted while it makes the file would keep the others from opening it for as
    // long, and they do not wait for ever.
    for consumer in &mut consumers {
        consumer.memory();
    }
    let producer = logs.produce(&bus, 1, 6000);
    logs.until_sent(1);
    for round in 0..4 {
        let halted = &consumers[round % 2];
        thread::sleep(Duration::from_millis(400));
        halted.pause();
        thread::sleep(Duration::from_millis(2600));
        halted.go_on();
    }
    producer.finish();
    logs.until_seen(6000);
    for consumer in consumers {
        consumer.finish();
    }
    let twice = logs.check(6000);
    assert!(
        twice <= 4 * IN_FLIGHT,
        "{twice} handled twice in four rounds"
    );
}

/// The store is on a disk that fills up: sends fail, what was accepted is kept, and it goes on when there is room.
#[test]
#[cfg_attr(not(small_disk), ignore = "needs the right to mount a file system")]
fn the_disk_is_full() {
    let logs = Logs::new();
    let disk = Disk::new(logs.path("disk"), "32m");
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![1; 20 << 20]).unwrap();
    let bus = format!("sqlite:{}", disk.0.join("events.db").display());
    let producer = logs.produce(&bus, 1, 1_000_000);
    assert!(!producer.ended_well(), "the disk was never full");
    let kept = logs.sent();
    assert!(kept > 100, "{kept} were accepted");
    std::fs::remove_file(&ballast).unwrap();
    let consumer = logs.consume(&bus);
    logs.until_seen(kept);
    logs.produce(&bus, kept + 1, 500).finish();
    logs.until_seen(kept + 500);
    consumer.finish();
    let twice = logs.check(kept + 500);
    assert!(
        twice <= 1,
        "{twice} handled twice: only the one that was in doubt may be"
    );
}

/// A file system in memory, of this size.
struct Disk(PathBuf);

impl Disk {
    fn new(folder: PathBuf, size: &str) -> Self {
        std::fs::create_dir(&folder).unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&folder)
            .status();
        assert!(status.unwrap().success());
        Self(folder)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
