//! What takes its time, and what tells it wrong: a network that is slow, and clocks that jump. Afterwards everything that was
//! accepted was handled, in the order of each key.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/actor.rs"]
mod actor;
#[path = "support/logs.rs"]
mod logs;
#[path = "../../events-bus/tests/support/proxy.rs"]
mod proxy;
#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_server;

use std::path::Path;
use std::thread;
use std::time::Duration;

use actor::IN_FLIGHT;
use logs::Logs;
use proxy::Proxy;
use redis_server::RedisServer;

/// In seconds.
const HOUR: i64 = 3600;

/// Each answer takes long, and sometimes the connection is lost before it comes. What was published in doubt is not published twice.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn redis_is_slow() {
    let (server, logs) = (RedisServer::start(), Logs::new());
    let proxy = Proxy::start(server.port());
    proxy.delay(Duration::from_millis(10));
    let consumer = logs.consume(&proxy.url());
    let producer = logs.produce(&proxy.url(), 1, 3000);
    logs.until_sent(500);
    proxy.delay(Duration::from_millis(400));
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(900));
        proxy.cut();
    }
    proxy.delay(Duration::from_millis(10));
    producer.finish();
    logs.until_seen(3000);
    consumer.finish();
    assert_eq!(server.entries("numbers"), 3000, "each of them once");
    let twice = logs.check(3000);
    assert!(
        twice <= 4 * IN_FLIGHT,
        "{twice} handled twice, with three connections lost"
    );
}

/// Whoever has nothing to do sleeps: one that leads its group, one that stands by, one that waits for the work of durable receivers.
fn idle(logs: &Logs, bus: &str) {
    let store = logs.path("durable.db").display().to_string();
    let log = logs.path("log").display().to_string();
    let mut idle = [
        logs.consume(bus),
        logs.consume(bus),
        actor::Actor::start(&["durable", &store, "1", "0", &log]),
    ];
    for actor in &mut idle {
        actor.memory();
    }
    // Leases are of two seconds: they have all seen what happens then.
    let busy = || idle.iter().map(|actor| actor.busy().unwrap_or_default());
    let before: Vec<_> = busy().collect();
    thread::sleep(Duration::from_secs(6));
    let spent: Vec<_> = busy()
        .zip(before)
        .map(|(after, before)| after.saturating_sub(before))
        .collect();
    assert!(
        spent.iter().all(|spent| *spent < Duration::from_secs(2)),
        "in six seconds they were busy for {spent:?}"
    );
}

#[test]
fn who_has_nothing_to_do_sleeps_over_a_file() {
    let logs = Logs::new();
    let bus = format!("sqlite:{}", logs.path("events.db").display());
    idle(&logs, &bus);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn who_has_nothing_to_do_sleeps_over_redis() {
    let (server, logs) = (RedisServer::start(), Logs::new());
    idle(&logs, &server.url());
}

/// The clocks of all processes, as they are told to jump.
struct Clock<'a>(&'a Path);

impl Clock<'_> {
    /// Moves them to this many seconds before or behind the time.
    fn jump(&self, seconds: i64) {
        // Renamed, so that nobody reads half of it.
        let new = self.0.with_extension("new");
        std::fs::write(&new, format!("{seconds:+}")).unwrap();
        std::fs::rename(new, self.0).unwrap();
    }
}

/// The clock jumps while processes run, and between one and the next; a process that was killed leaves a lease from the future.
fn clocks_jump(logs: &mut Logs, bus: &str) {
    let file = logs.path("clock");
    let clock = Clock(&file);
    clock.jump(0);
    logs.environment = [
        ("LD_PRELOAD", env!("EVENTS_FAKETIME").to_owned()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_CACHE_DURATION", "0".to_owned()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
    .into();
    let mut consumer = logs.consume(bus);
    let producer = logs.produce(bus, 1, 4000);
    logs.until_sent(300);
    for jump in [24 * HOUR, -HOUR, 0, -24 * HOUR, 3] {
        clock.jump(jump);
        thread::sleep(Duration::from_millis(500));
    }
    clock.jump(HOUR);
    thread::sleep(Duration::from_millis(800));
    consumer.kill();
    clock.jump(-HOUR);
    consumer = logs.consume(bus);
    producer.finish();
    logs.until_seen(4000);
    consumer.finish();
    let twice = logs.check(4000);
    assert!(twice <= 6 * IN_FLIGHT, "{twice} handled twice");
}

/// A process says what time it takes it to be: else the tests below would test nothing.
#[test]
#[cfg_attr(not(faketime), ignore = "needs libfaketime")]
fn clocks_can_be_moved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clock");
    Clock(&file).jump(-40 * 365 * 24 * 3600);
    let date = std::process::Command::new("date")
        .arg("+%Y")
        .env("LD_PRELOAD", env!("EVENTS_FAKETIME"))
        .env("FAKETIME_TIMESTAMP_FILE", &file)
        .output()
        .unwrap();
    let year: i64 = String::from_utf8(date.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(year < 2000, "{year}");
}

#[test]
#[cfg_attr(not(faketime), ignore = "needs libfaketime")]
fn clocks_jump_over_a_file() {
    let mut logs = Logs::new();
    let bus = format!("sqlite:{}", logs.path("events.db").display());
    clocks_jump(&mut logs, &bus);
    let file = rusqlite::Connection::open(logs.path("events.db")).unwrap();
    let ask = |query: &str| -> i64 { file.query_row(query, [], |row| row.get(0)).unwrap() };
    let topic = ask("SELECT id FROM topics WHERE name = 'numbers'");
    let micros = ask(&format!("SELECT max(at) - min(at) FROM entries_{topic}"));
    assert!(micros > 24 * HOUR * 1_000_000, "the clock did jump");
}

#[test]
#[cfg_attr(
    not(all(faketime, redis_server)),
    ignore = "needs libfaketime and redis-server"
)]
fn clocks_jump_over_redis() {
    let (server, mut logs) = (RedisServer::start(), Logs::new());
    clocks_jump(&mut logs, &server.url());
}
