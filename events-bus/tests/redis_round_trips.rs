//! Round trips: each call costs as few as it can.

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

use std::time::Duration;

use events_bus::Record;
use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{Groups, Limit, Log, Start};
use support::proxy::Proxy;
use support::redis_server::RedisServer;
use support::redis_topic::{
    LEASE, TOPIC, batch, claim, finish, lead, member, receive_as, record, settled,
};

/// A transport whose round trips are counted.
fn counted() -> (RedisServer, Proxy, RedisTransport) {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let transport = RedisTransport::open(&proxy.url(), RedisOptions::default()).unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    (server, proxy, transport)
}

fn records(count: usize) -> Vec<Record> {
    (0..).take(count).map(record).collect()
}

/// Checks the round trips of most of a few repetitions. Once a second a leader looks for lost entries.
#[track_caller]
fn costs(proxy: &Proxy, expected: u64, mut call: impl FnMut()) {
    let mut counts = Vec::new();
    for _ in 0..5 {
        proxy.turns();
        call();
        counts.push(proxy.turns());
    }
    counts.sort_unstable();
    assert_eq!(counts[2], expected, "{counts:?}");
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn publishing_costs_one_round_trip() {
    let (_server, proxy, transport) = counted();
    let records: Vec<_> = (0..20).map(record).collect();
    transport.publish(TOPIC, &records).unwrap();
    costs(&proxy, 1, || {
        drop(transport.publish(TOPIC, &records[..1]).unwrap());
    });
    costs(&proxy, 1, || {
        drop(transport.publish(TOPIC, &records).unwrap());
    });
    let mut last = 0;
    costs(&proxy, 1, || {
        let numbers: Vec<u64> = (last + 1..=last + 20).collect();
        transport
            .publish_batch(TOPIC, &records, batch(last, &numbers))
            .unwrap();
        last += 20;
    });
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_leader_reads_and_settles_in_one_round_trip() {
    let (server, proxy, transport) = counted();
    let publisher = server.transport();
    let leader = lead(&transport, "c");
    // The sizes of the entries become known.
    publisher.publish(TOPIC, &records(100)).unwrap();
    finish(&transport, "c", &receive_as(&transport, leader, 1000));
    for (count, reads) in [(1, 1), (16, 1), (100, 2)] {
        let mut entries = Vec::new();
        // A stretch of the duplicate window that has just begun has a place more to look, in the same round trip.
        costs(&proxy, reads, || {
            publisher.publish(TOPIC, &records(count)).unwrap();
            let limit = Limit::entries(count);
            let some = transport.receive(leader, limit, Duration::from_secs(1));
            entries.push(some.unwrap());
        });
        let mut entries = entries.into_iter();
        costs(&proxy, 1, || {
            let settlements: Vec<_> = entries
                .next()
                .unwrap()
                .iter()
                .map(|entry| settled(entry, "shop.greet"))
                .collect();
            assert_eq!(settlements.len(), count);
            transport.settle(leader, &settlements).unwrap();
            // Renewals change the lease and not the epoch, so that nothing is tried again.
            publisher.renew(leader, LEASE, &[]).unwrap();
        });
    }
    costs(&proxy, 1, || transport.renew(leader, LEASE, &[]).unwrap());
    publisher.publish(TOPIC, &records(1)).unwrap();
    receive_as(&transport, leader, 1);
    costs(&proxy, 2, || {
        drop(transport.claim(leader, claim(LEASE)).unwrap());
    });
    // An idle leader waits.
    costs(&proxy, 1, || {
        let limit = Limit::entries(100);
        let wait = Duration::from_millis(2);
        assert!(transport.receive(leader, limit, wait).unwrap().is_empty());
    });
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_member_without_an_epoch_reads_and_settles_as_fast() {
    let (server, proxy, transport) = counted();
    let publisher = server.transport();
    publisher.publish(TOPIC, &records(100)).unwrap();
    let all = Limit::entries(1000);
    let entries = transport.receive(member("c"), all, Duration::ZERO).unwrap();
    finish(&transport, "c", &entries);
    for (count, reads) in [(16, 1), (100, 2)] {
        let mut entries = Vec::new();
        costs(&proxy, reads, || {
            publisher.publish(TOPIC, &records(count)).unwrap();
            let limit = Limit::entries(count);
            let some = transport.receive(member("c"), limit, Duration::from_secs(1));
            entries.push(some.unwrap());
        });
        let mut entries = entries.into_iter();
        costs(&proxy, 1, || {
            finish(&transport, "c", &entries.next().unwrap());
        });
    }
}
