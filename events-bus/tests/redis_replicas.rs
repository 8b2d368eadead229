//! Replicas: failovers, and publications that wait for them.

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

use std::thread;
use std::time::{Duration, Instant};

use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    Dispute, Epoch, Groups, Limit, Log, Maintenance, Receipt, Start, TransportError,
    TransportErrorKind,
};
use redis::cmd;
use support::proxy::Proxy;
use support::redis_server::RedisServer;
use support::redis_topic::{
    TOPIC, appended, batch, claim, joined, lead, numbers, receive_as, record, settled,
};

/// A replica of a server that has copied everything.
fn replica_of(primary: &RedisServer) -> RedisServer {
    let port = primary.port().to_string();
    let replica = RedisServer::with(&[
        "--replicaof",
        "127.0.0.1",
        &port,
        "--repl-diskless-sync-delay",
        "0",
    ]);
    until(|| is_linked(&replica));
    replica
}

fn is_linked(replica: &RedisServer) -> bool {
    let mut info = cmd("INFO");
    let info: String = info
        .arg("replication")
        .query(&mut replica.client())
        .unwrap();
    info.contains("master_link_status:up")
}

#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
        thread::sleep(Duration::from_millis(5));
    }
}

fn replicate(server: &RedisServer, from: Option<&RedisServer>) {
    let mut command = cmd("REPLICAOF");
    match from {
        Some(from) => command.arg("127.0.0.1").arg(from.port()),
        None => command.arg("NO").arg("ONE"),
    };
    command.exec(&mut server.client()).unwrap();
}

/// Waits until a replica has all that the primary has written.
fn synchronize(primary: &RedisServer) {
    let mut client = primary.client();
    cmd("SET").arg("tick").arg(1).exec(&mut client).unwrap();
    let replicas = cmd("WAIT").arg(1).arg(10_000).query(&mut client);
    assert_eq!(replicas, Ok(1));
}

/// Repeats a call until the new primary answers it. Each refusal may cost one attempt.
#[track_caller]
fn soon<T>(call: impl Fn() -> Result<T, TransportError>) -> T {
    let error = match call() {
        Ok(value) => return value,
        Err(error) => error,
    };
    assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
    call().unwrap()
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_failover_behind_one_address_is_followed() {
    let first = RedisServer::start();
    let second = replica_of(&first);
    let proxy = Proxy::start(first.port());
    let transport = RedisTransport::open(&proxy.url(), RedisOptions::default()).unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    let leader = lead(&transport, "c");
    let records: Vec<_> = (0..200).map(record).collect();
    let numbers: Vec<u64> = (1..=200).collect();
    let publish = |from: usize, to: usize, acknowledged| {
        let batch = batch(acknowledged, &numbers[from..to]);
        transport.publish_batch(TOPIC, &records[from..to], batch)
    };
    publish(0, 100, 0).unwrap();
    let mut entries = receive_as(&transport, leader, 80);
    let settlements: Vec<_> = entries.iter().map(|entry| settled(entry, "a")).collect();
    transport.settle(leader, &settlements[..70]).unwrap();
    synchronize(&first);

    // The roles change, and the connections to the former primary stay.
    replicate(&second, None);
    replicate(&first, Some(&second));
    proxy.redirect(second.port());
    until(|| is_linked(&first));
    // Each way to talk to the server has a connection of its own.
    assert_eq!(appended(&soon(|| publish(50, 150, 100)))[50..], [true; 50]);
    soon(|| transport.publish(TOPIC, &records[150..]));
    let limit = Limit::entries(100);
    entries.extend(soon(|| transport.receive(leader, limit, Duration::ZERO)));
    entries.extend(soon(|| transport.receive(leader, limit, Duration::ZERO)));
    let rest: Vec<_> = entries[70..]
        .iter()
        .map(|entry| settled(entry, "a"))
        .collect();
    soon(|| transport.settle(leader, &rest));
    let all: Vec<u8> = (0..200).collect();
    assert_eq!(support::redis_topic::numbers(&entries), all);
    let status = soon(|| transport.status(TOPIC)).unwrap();
    assert_eq!((status.entries, status.groups[0].pending), (200, 0));
    assert_eq!(second.entries(TOPIC), 200);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_demoted_server_is_left_by_readers_and_settlers() {
    for is_many in [false, true] {
        let first = RedisServer::start();
        let second = replica_of(&first);
        let proxy = Proxy::start(first.port());
        let transport = RedisTransport::open(&proxy.url(), RedisOptions::default()).unwrap();
        transport.join(TOPIC, "g", Start::Beginning).unwrap();
        let leader = lead(&transport, "c");
        let records: Vec<_> = (0..200).map(record).collect();
        transport.publish(TOPIC, &records).unwrap();
        let limit = if is_many { 90 } else { 10 };
        let entries = receive_as(&transport, leader, limit);
        let settlements: Vec<_> = entries.iter().map(|entry| settled(entry, "a")).collect();
        synchronize(&first);
        replicate(&second, None);
        replicate(&first, Some(&second));
        proxy.redirect(second.port());
        until(|| is_linked(&first));
        soon(|| transport.settle(leader, &settlements));
        let limit = Limit::entries(limit);
        assert!(!soon(|| transport.receive(leader, limit, Duration::ZERO)).is_empty());
        let claimed = soon(|| transport.claim(leader, claim(Duration::ZERO)));
        assert_eq!(claimed.entries.len(), limit.entries);
    }
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_publication_waits_for_its_replicas() {
    let primary = RedisServer::start();
    let replica = replica_of(&primary);
    joined(&primary);
    synchronize(&primary);
    let mut options = RedisOptions::default();
    options.wait_replicas = 1;
    options.response_timeout = Duration::from_secs(1);
    let transport = RedisTransport::open(&primary.url(), options).unwrap();
    let records: Vec<_> = (0..10).map(record).collect();
    transport.publish(TOPIC, &records[..1]).unwrap();
    transport.publish(TOPIC, &records[1..3]).unwrap();
    let receipt = transport.publish_batch(TOPIC, &records[3..5], batch(0, &[1, 2]));
    assert_eq!(appended(&receipt.unwrap()), [true; 2]);
    assert_eq!(replica.entries(TOPIC), 5);

    replica.pause();
    let short = |result: Result<(), TransportError>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
        assert!(error.is_outcome_unknown(), "{error}");
        assert!(error.to_string().contains("`wait_replicas`"), "{error}");
    };
    short(transport.publish(TOPIC, &records[5..6]).map(drop));
    let publish = || transport.publish_batch(TOPIC, &records[6..8], batch(2, &[3, 4]));
    short(publish().map(drop));
    // The batch is known, and yet not safe.
    short(publish().map(drop));
    replica.go_on();
    let receipt = loop {
        if let Ok(receipt) = publish() {
            break receipt;
        }
    };
    assert_eq!(appended(&receipt), [false; 2]);
    assert_eq!((primary.entries(TOPIC), replica.entries(TOPIC)), (8, 8));
    let mark = |server: &RedisServer| {
        let content = server.content();
        let marks = content
            .iter()
            .filter(|(key, _)| String::from_utf8_lossy(key).contains(":published:"));
        marks.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        mark(&primary),
        mark(&replica),
        "the replica knows the batch"
    );
    assert_eq!(mark(&primary).len(), 1);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_server_that_forgot_a_batch_is_noticed() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let records: Vec<_> = (0..6).map(record).collect();
    let publish = |from: usize, to: usize, acknowledged, numbers: &[u64]| {
        transport
            .publish_batch(TOPIC, &records[from..to], batch(acknowledged, numbers))
            .unwrap()
    };
    publish(0, 2, 0, &[1, 2]);
    publish(2, 3, 2, &[3]);
    server.flush_all();
    // The connection watches, and believes that it knows.
    let forgotten = Receipt::Disputed(Dispute::Forgotten { last: 0 });
    assert_eq!(publish(3, 4, 3, &[4]), forgotten);
    assert_eq!(publish(3, 3, 3, &[]), forgotten, "an empty batch asks");
    assert_eq!(server.entries(TOPIC), 0);
    assert_eq!(appended(&publish(0, 4, 0, &[1, 2, 3, 4])), [true; 4]);
    // Another process has gone on with the epoch, and this one does not know.
    let other = server.transport();
    let receipt = other.publish_batch(TOPIC, &records[4..5], batch(4, &[5]));
    assert_eq!(appended(&receipt.unwrap()), [true]);
    let taken = Dispute::NumberTaken { number: 5, last: 5 };
    assert_eq!(publish(5, 6, 4, &[5]), Receipt::Disputed(taken));
    assert_eq!(publish(5, 5, 5, &[]), Receipt::Published(Vec::new()));
    let joined = support::redis_topic::receive(&transport, "c", 10);
    assert_eq!(numbers(&joined), [0, 1, 2, 3, 4]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_publication_between_a_transaction_and_the_next_watch_is_noticed() {
    let primary = RedisServer::start();
    let replica = replica_of(&primary);
    let direct = joined(&primary);
    synchronize(&primary);
    let mut options = RedisOptions::default();
    options.wait_replicas = 1;
    let transport = RedisTransport::open(&primary.url(), options).unwrap();
    let records: Vec<_> = (0..4).map(record).collect();
    transport
        .publish_batch(TOPIC, &records[..1], batch(0, &[1]))
        .unwrap();
    let mut newer = batch(2, &[3]);
    newer.epoch = Epoch::new(2, 2);
    thread::scope(|scope| {
        // The wait for the replica is between the transaction and the next watch.
        replica.pause();
        let slow = scope.spawn(|| {
            transport
                .publish_batch(TOPIC, &records[1..2], batch(1, &[2]))
                .unwrap()
        });
        until(|| primary.entries(TOPIC) == 2);
        let receipt = direct.publish_batch(TOPIC, &records[2..3], newer).unwrap();
        assert_eq!(appended(&receipt), [true]);
        replica.go_on();
        assert_eq!(appended(&slow.join().unwrap()), [true]);
    });
    let receipt = transport.publish_batch(TOPIC, &records[3..], batch(2, &[4]));
    assert_eq!(receipt.unwrap(), Receipt::Disputed(Dispute::OldEpoch));
    assert_eq!(primary.entries(TOPIC), 3);
}
