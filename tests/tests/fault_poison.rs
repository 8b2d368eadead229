//! Messages that nobody can handle, and receivers that misbehave, among others: each ends in the dead letters, and the rest is handled.

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

use std::collections::BTreeMap;

use events_bus::Record;
use events_bus::config::BusConfig;
use events_bus::transport::SharedTransport;
use events_core::EventMetadata;
use logs::{Logs, until};
use redis_server::RedisServer;

const TYPE: &str = "org.example.faults.number.drawn.v1";
const ALL: i64 = 1000;

fn open(bus: &str) -> SharedTransport {
    let config = match bus.strip_prefix("sqlite:") {
        Some(path) => BusConfig::sqlite(path),
        None => BusConfig::redis(bus),
    };
    events_bus::open(&config).unwrap().unwrap()
}

/// The body of a number, as the schema has it.
fn number(number: u8, key: &str) -> Vec<u8> {
    let length = u8::try_from(key.len()).unwrap();
    let mut body = vec![2 * number, 2 * length];
    body.extend(key.as_bytes());
    body
}

fn record(event_type: &'static str, key: &str, body: Vec<u8>) -> Record {
    Record::new(EventMetadata::new(event_type), body).with_key(Some(key))
}

fn poison(bus: &str, logs: &mut Logs) {
    logs.environment = vec![("RECEIVER_TIMEOUT_MS", "500".to_owned())];
    let transport = open(bus);
    let mut consumer = logs.consume(bus);
    let producer = logs.produce(bus, 1, ALL);
    logs.until_sent(100);
    // In the keys of other events, too, which they must not hold up for good.
    let bad = [
        record(TYPE, "key-1", vec![2, 200]),
        record("org.example.faults.number.unheard.v1", "key-2", vec![2]),
        record(TYPE, "fails", number(1, "fails")),
        record(TYPE, "panics", number(2, "panics")),
        record(TYPE, "hangs", number(3, "hangs")),
    ];
    transport.publish("numbers", &bad).unwrap();
    logs.until_sent(300);
    // What has begun with them goes on in another process.
    consumer.kill();
    consumer = logs.consume(bus);
    producer.finish();
    let letters = || transport.dead_letters("numbers", None, 100).unwrap();
    until("all of the poison is in the dead letters", || {
        letters().len() >= bad.len()
    });
    until("the rest was handled", || {
        let seen = logs.seen();
        (1..=ALL).all(|wanted| {
            seen.iter()
                .any(|(key, number)| key.starts_with("key-") && *number == wanted)
        })
    });
    consumer.finish();

    let mut reasons: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, letter) in letters() {
        let receiver = letter.receiver.as_deref().unwrap_or_default().to_owned();
        *reasons
            .entry((letter.reason.to_string(), receiver))
            .or_default() += 1;
    }
    let expected = [
        (("exhausted", "faults.drawn"), 3),
        (("undecodable", ""), 1),
        (("unknown_type", ""), 1),
    ];
    let expected = expected
        .map(|((reason, receiver), count)| ((reason.to_owned(), receiver.to_owned()), count));
    assert_eq!(reasons, BTreeMap::from(expected));
    // The other receiver has had its turn with each of them.
    for key in ["fails", "panics", "hangs"] {
        assert!(logs.seen().iter().any(|(seen, _)| seen == key), "{key}");
    }
}

#[test]
fn poison_in_a_file() {
    let mut logs = Logs::new();
    let bus = format!("sqlite:{}", logs.path("events.db").display());
    poison(&bus, &mut logs);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn poison_in_redis() {
    let (server, mut logs) = (RedisServer::start(), Logs::new());
    poison(&server.url(), &mut logs);
}

/// An event ends the process that handles it. Its supervisor starts the process again each time.
fn fatal(bus: &str) {
    let mut logs = Logs::new();
    let ledger = logs.path("begun");
    logs.environment = vec![("EVENTS_LEDGER", ledger.display().to_string())];
    let transport = open(bus);
    let mut records: Vec<_> = (1..=60)
        .map(|at| record(TYPE, "key-0", number(at, "key-0")))
        .collect();
    records.insert(30, record(TYPE, "aborts", number(61, "aborts")));
    transport.publish("numbers", &records).unwrap();
    let letters = || transport.dead_letters("numbers", None, 100).unwrap();
    let mut consumer = logs.consume(bus);
    let mut crashes = 0;
    until("the poison is a dead letter", || {
        if consumer.has_ended() {
            crashes += 1;
            consumer = logs.consume(bus);
        }
        !letters().is_empty()
    });
    until("its neighbors were handled", || {
        (1..=60).all(|wanted| logs.seen().iter().any(|(_, number)| *number == wanted))
    });
    consumer.finish();
    let letters = letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1.reason.as_str(), "crashed");
    // Five deliveries among others, and two trials of its own.
    assert_eq!(crashes, 7);
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    for line in actor::lines(&ledger) {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == "begin" {
            *runs.entry(words[2].to_owned()).or_default() += 1;
        }
    }
    assert_eq!(runs.remove("61"), Some(7), "of the poison");
    let most = runs.values().max().unwrap();
    assert!(*most <= 6, "a neighbor ran {most} times");
}

#[test]
fn an_event_that_ends_the_process_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    fatal(&format!(
        "sqlite:{}",
        folder.path().join("events.db").display()
    ));
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn an_event_that_ends_the_process_in_redis() {
    let server = RedisServer::start();
    fatal(&server.url());
}
