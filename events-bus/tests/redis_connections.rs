//! Connections to a Redis server: they wait for each other never, break at any time, and need few rights.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub mod proxy;
    pub mod redis_server;
    pub mod redis_topic;
}

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    DeadLetter, DeadReason, Member, Position, Retention, Sequence, Settlement, Standing, Start,
    Transport, TransportError, TransportErrorKind,
};
use events_core::Timestamp;
use redis::cmd;
use support::proxy::Proxy;
use support::redis_server::RedisServer;
use support::redis_topic::{TOPIC, finish, joined, member, record};

#[track_caller]
fn unavailable<T: std::fmt::Debug>(result: Result<T, TransportError>) -> TransportError {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
    error
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn who_waits_for_entries_holds_up_nobody() {
    let server = RedisServer::start();
    let transport = joined(&server);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            transport
                .receive(member("c"), 10, Duration::from_mins(1))
                .unwrap()
        });
        server.until_somebody_waits();
        transport.publish(TOPIC, &[record(1)], None).unwrap();
        let entries = waiting.join().unwrap();
        assert_eq!(entries.len(), 1);
        finish(&transport, "c", &entries);
    });
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn what_the_server_hands_to_a_connection_that_broke_is_not_lost() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let transport = RedisTransport::open(&proxy.url(), RedisOptions::default()).unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| transport.receive(member("c"), 10, Duration::from_mins(1)));
        server.until_somebody_waits();
        proxy.cut();
        unavailable(waiting.join().unwrap());
    });
    let pending = transport
        .take_over(member("c"), None, Duration::ZERO, 10)
        .unwrap();
    assert!(pending.is_empty());
    server
        .transport()
        .publish(TOPIC, &[record(1)], None)
        .unwrap();
    let entries = transport.receive(member("c"), 10, Duration::ZERO).unwrap();
    assert_eq!(entries.len(), 1, "nobody else may have got it");
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn what_arrives_after_its_repetition_is_not_published_twice() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let mut options = RedisOptions::default();
    options.response_timeout = Duration::from_millis(200);
    let slow = RedisTransport::open(&proxy.url(), options).unwrap();
    let sequence = |numbers| {
        Some(Sequence {
            outbox: "box",
            numbers,
        })
    };
    slow.publish(TOPIC, &[record(1)], sequence(&[1])).unwrap();
    proxy.hold();
    let error = unavailable(slow.publish(TOPIC, &[record(2)], sequence(&[2])));
    assert!(error.is_outcome_unknown());
    let direct = server.transport();
    direct.publish(TOPIC, &[record(2)], sequence(&[2])).unwrap();
    proxy.release();
    let mut client = server.client();
    loop {
        let calls: String = cmd("INFO").arg("commandstats").query(&mut client).unwrap();
        if calls.contains("cmdstat_exec:calls=3,") {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(direct.status(TOPIC).unwrap().unwrap().entries, 2);
    // And it goes on.
    slow.publish(TOPIC, &[record(2), record(3)], sequence(&[2, 3]))
        .unwrap();
    assert_eq!(direct.status(TOPIC).unwrap().unwrap().entries, 3);
}

/// What the book says that a user needs is enough, for everything that the transport does.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_user_needs_no_more_than_the_book_says() {
    let book = include_str!("../../docs/src/operating.md");
    let rights: Vec<_> = book
        .split_once("(`+@stream")
        .unwrap()
        .1
        .split_once("`)")
        .unwrap()
        .0
        .split_whitespace()
        .collect();
    let mut arguments = vec![
        "--user",
        "service",
        "on",
        ">pass",
        "~orders",
        "~events:*",
        "+@stream",
    ];
    arguments.extend(rights);
    let server = RedisServer::with(&arguments);
    let url = format!("redis://service:pass@127.0.0.1:{}", server.port());
    let transport = RedisTransport::open(&url, RedisOptions::default()).unwrap();
    let member = Member {
        topic: "orders",
        group: "billing",
        consumer: "one",
    };
    let lease = Duration::from_mins(1);
    transport
        .join("orders", "billing", Start::Beginning)
        .unwrap();
    assert_eq!(transport.lead(member, lease).unwrap(), Standing::Active);
    let records: Vec<_> = (0..100_u8).map(record).collect();
    for (some, number) in records.chunks(50).zip(1..) {
        transport.publish("orders", some, None).unwrap();
        let sequence = Sequence {
            outbox: "own",
            numbers: &[number],
        };
        transport
            .publish("orders", &some[..1], Some(sequence))
            .unwrap();
    }
    let mut entries = transport.receive(member, 100, lease).unwrap();
    entries.append(&mut transport.receive(member, 1, Duration::ZERO).unwrap());
    assert_eq!(entries.len(), 101);
    let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    transport.extend(member, &ids).unwrap();
    transport
        .take_over(member, None, Duration::ZERO, 10)
        .unwrap();
    let mut settlements: Vec<_> = entries
        .iter()
        .map(|entry| {
            let event = entry.record.as_ref().unwrap().metadata.id();
            Settlement::finished(entry.id, Some(event), [Arc::from("shop.greet")].into())
        })
        .collect();
    let letter = DeadLetter::new(
        "billing".into(),
        DeadReason::Permanent,
        "no",
        ids[0],
        Timestamp::now(),
        entries[0].record.clone(),
    );
    settlements[0] = settlements[0].clone().with_dead(vec![letter]);
    transport.settle(member, &settlements[..2], true).unwrap();
    transport.settle(member, &settlements[2..], true).unwrap();
    transport
        .requeue("orders", "billing", &records[..1])
        .unwrap();
    assert_eq!(
        transport.receive(member, 10, Duration::ZERO).unwrap().len(),
        2
    );
    assert_eq!(transport.topics().unwrap().len(), 1);
    assert!(transport.status("orders").unwrap().is_some());
    assert_eq!(
        transport
            .read("orders", Position::Oldest, 1000)
            .unwrap()
            .len(),
        102
    );
    let letters = transport.dead_letters("orders", None, 10).unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        transport
            .drop_dead_letters("orders", &[letters[0].0])
            .unwrap(),
        1
    );
    let everything = Retention {
        entries: 0,
        age: Duration::ZERO,
        lose_unread_beyond: Some(1),
    };
    transport.trim("orders", everything).unwrap();
    transport.leave(member).unwrap();
    assert!(transport.forget("orders", "billing").unwrap());
}
