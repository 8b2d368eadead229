//! Connections to a Redis server: they wait for each other never, break at any time, and need few rights.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis")]

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
    DeadLetter, DeadLetterLimits, DeadReason, Groups, Limit, Log, Maintenance, Member, Position,
    Retention, RetryState, Settlement, Start, TransportError, TransportErrorKind,
};
use events_core::Timestamp;
use redis::cmd;
use support::proxy::Proxy;
use support::redis_server::RedisServer;
use support::redis_topic::{TOPIC, appended, batch, claim, finish, joined, member, record};

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
                .receive(member("c"), Limit::entries(10), Duration::from_mins(1))
                .unwrap()
        });
        server.until_somebody_waits();
        transport.publish(TOPIC, &[record(1)]).unwrap();
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
        let waiting = scope
            .spawn(|| transport.receive(member("c"), Limit::entries(10), Duration::from_mins(1)));
        server.until_somebody_waits();
        proxy.cut();
        unavailable(waiting.join().unwrap());
    });
    let pending = transport.claim(member("c"), claim(Duration::ZERO)).unwrap();
    assert!(pending.entries.is_empty());
    server.transport().publish(TOPIC, &[record(1)]).unwrap();
    let entries = transport
        .receive(member("c"), Limit::entries(10), Duration::ZERO)
        .unwrap();
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
    let records: Vec<_> = (0..3).map(record).collect();
    slow.publish_batch(TOPIC, &records[..1], batch(0, &[1]))
        .unwrap();
    proxy.hold();
    let error = unavailable(slow.publish_batch(TOPIC, &records[1..2], batch(1, &[2])));
    assert!(error.is_outcome_unknown());
    let direct = server.transport();
    direct
        .publish_batch(TOPIC, &records[1..2], batch(1, &[2]))
        .unwrap();
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
    let receipt = slow
        .publish_batch(TOPIC, &records[1..], batch(1, &[2, 3]))
        .unwrap();
    assert_eq!(appended(&receipt), [false, true]);
    assert_eq!(direct.status(TOPIC).unwrap().unwrap().entries, 3);
}

/// The rights of a user in the book suffice for everything that the transport does.
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
    let member = Member::new("orders", "billing", "one");
    let lease = Duration::from_mins(1);
    transport
        .join("orders", "billing", Start::Beginning)
        .unwrap();
    let epoch = transport.lead(member, lease).unwrap().epoch().unwrap();
    let member = member.under(epoch);
    let records: Vec<_> = (0..100_u8).map(record).collect();
    for (some, number) in records.chunks(50).zip(1..) {
        transport.publish("orders", some).unwrap();
        transport
            .publish_batch("orders", &some[..1], batch(number - 1, &[number]))
            .unwrap();
    }
    let mut entries = transport
        .receive(member, Limit::entries(100), lease)
        .unwrap();
    let one = Limit::entries(1);
    entries.append(&mut transport.receive(member, one, Duration::ZERO).unwrap());
    assert_eq!(entries.len(), 101);
    let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    transport.renew(member, lease, &ids).unwrap();
    let others = Member::new("orders", "billing", "two");
    transport.renew(others, lease, &ids).unwrap();
    let mut trial = claim(Duration::ZERO);
    (trial.trial, trial.max_deliveries) = (true, 1);
    transport.claim(member, trial).unwrap();
    let mut settlements: Vec<_> = entries
        .iter()
        .map(|entry| {
            let event = entry.record.as_ref().unwrap().metadata.id();
            Settlement::new(entry.id, Some(event), [Arc::from("shop.greet")].into())
        })
        .collect();
    let record = entries[0].record.clone();
    let retry = RetryState {
        receiver: Arc::from("shop.mail"),
        key: None,
        attempts: 1,
        error: "it rains".into(),
        due: Timestamp::now(),
        delay: lease,
    };
    let letter = DeadLetter::new(
        "billing".into(),
        DeadReason::Permanent,
        "no",
        ids[0],
        Timestamp::now(),
        record.clone(),
    );
    settlements[0] = settlements[0]
        .clone()
        .with_dead(vec![letter])
        .with_parked(record.unwrap(), vec![retry]);
    transport.settle(member, &settlements[..2]).unwrap();
    transport.settle(member, &settlements[2..]).unwrap();
    let parked = transport.retries(member).unwrap();
    let parked: Vec<_> = parked
        .into_iter()
        .map(|(id, state)| (id, state.receiver))
        .collect();
    let claimed = transport
        .claim_retries(member, &parked, Duration::ZERO, true)
        .unwrap();
    assert_eq!(claimed.len(), 1);
    transport
        .requeue("orders", "billing", &records[..1])
        .unwrap();
    assert_eq!(
        transport
            .receive(member, Limit::entries(10), Duration::ZERO)
            .unwrap()
            .len(),
        2
    );
    transport.warnings().unwrap();
    let limits = DeadLetterLimits {
        entries: Some(1),
        age: Some(lease),
    };
    assert_eq!(transport.trim_dead_letters("orders", limits).unwrap(), 0);
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
        ..Retention::default()
    };
    transport.trim("orders", everything).unwrap();
    transport.release(member).unwrap();
    assert!(transport.delete_group("orders", "billing").unwrap());
}
