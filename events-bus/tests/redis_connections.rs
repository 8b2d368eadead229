//! Connections to a Redis server: they wait for each other never, and break at any time.

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

use std::thread;
use std::time::Duration;

use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{Sequence, Start, Transport, TransportError, TransportErrorKind};
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
    assert!(error.is_in_doubt());
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
