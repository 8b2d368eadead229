//! Sizes: large payloads, and reads that are bounded by bytes.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis")]

mod support {
    pub mod redis_server;
    pub mod redis_topic;
}

use std::sync::Arc;
use std::time::Duration;

use events_bus::Requeued;
use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    DeadLetter, DeadReason, Entry, Groups, Limit, Log, Maintenance, Member, Position, RetryState,
    TransportErrorKind,
};
use events_core::Timestamp;
use redis::cmd;
use support::redis_server::RedisServer;
use support::redis_topic::{
    HOUR, TOPIC, batch, claim, finish, joined, lead, numbers, record, settled, sized,
};

const MIB: usize = 1 << 20;

/// The number of entries that the server has handed out.
fn pending(server: &RedisServer) -> i64 {
    let summary: (i64, redis::Value, redis::Value, redis::Value) = cmd("XPENDING")
        .arg(&[TOPIC, "g"])
        .query(&mut server.client())
        .unwrap();
    summary.0
}

fn receive(transport: &RedisTransport, member: Member<'_>, bytes: usize) -> Vec<Entry> {
    let limit = Limit {
        entries: 300,
        bytes,
    };
    transport.receive(member, limit, Duration::ZERO).unwrap()
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_read_of_large_entries_asks_for_few() {
    let server = RedisServer::start();
    let publisher = joined(&server);
    for number in 0..40 {
        publisher.publish(TOPIC, &[sized(number, MIB)]).unwrap();
    }
    for (consumer, is_leader) in [("leader", true), ("other", false)] {
        // A consumer that has just started knows no sizes.
        let transport = server.transport();
        let member = if is_leader {
            lead(&transport, consumer)
        } else {
            support::redis_topic::member(consumer)
        };
        for _ in 0..3 {
            let before = pending(&server);
            let entries = receive(&transport, member, 5 * MIB + MIB / 2);
            assert!((1..=5).contains(&entries.len()), "{}", entries.len());
            // The server hands out little more than fits.
            let read = pending(&server) - before;
            assert!(read <= 6, "{read}");
        }
    }
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn one_entry_is_handed_out_however_large_it_is() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let leader = lead(&transport, "c");
    let large: Vec<_> = (0..3).map(|number| sized(number, 3 * MIB)).collect();
    transport.publish(TOPIC, &large).unwrap();
    for number in 0..3 {
        let entries = receive(&transport, leader, MIB);
        assert_eq!(numbers(&entries), [number]);
    }
    let mut one = claim(HOUR);
    one.limit.bytes = MIB;
    for number in 0..3 {
        let entries = transport.claim(leader, one).unwrap().entries;
        assert_eq!(numbers(&entries), [number]);
        one.after = Some(entries[0].id);
    }
    assert!(transport.claim(leader, one).unwrap().entries.is_empty());
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn payloads_of_16_mib_go_every_way() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let leader = lead(&transport, "c");
    let large = sized(1, 16 * MIB);
    let event = large.metadata.id();
    let receipt = transport.publish_batch(TOPIC, std::slice::from_ref(&large), batch(0, &[1]));
    receipt.unwrap();
    let again = large.clone().with_requeued(Requeued::new("replay", "1-0"));
    transport
        .requeue(TOPIC, "g", std::slice::from_ref(&again))
        .unwrap();
    let first = receive(&transport, leader, 8 * MIB).remove(0);
    assert_eq!(first.record.as_ref(), Ok(&again));
    finish(&transport, "c", &[first]);
    let entry = receive(&transport, leader, 8 * MIB).remove(0);
    assert_eq!(entry.record.as_ref(), Ok(&large));
    let read = transport.read(TOPIC, Position::Oldest, 1).unwrap();
    assert_eq!(read[0].record.as_ref(), Ok(&large));
    let claimed = transport.claim(leader, claim(HOUR)).unwrap().entries;
    assert_eq!(claimed[0].record.as_ref(), Ok(&large));

    let state = RetryState {
        receiver: "shop.mail".into(),
        key: None,
        attempts: 1,
        error: "it rains".into(),
        due: Timestamp::now(),
        delay: HOUR,
    };
    let letter = DeadLetter::new(
        "g".into(),
        DeadReason::Exhausted,
        "it rains",
        entry.id,
        Timestamp::now(),
        Ok(large.clone()),
    )
    .by_receiver("shop.post".into(), 5);
    let settlement = settled(&entry, "shop.greet")
        .with_dead(vec![letter.clone()])
        .with_parked(large.clone(), vec![state.clone()]);
    transport.settle(leader, &[settlement]).unwrap();
    let letters = transport.dead_letters(TOPIC, None, 10).unwrap();
    assert_eq!(letters[0].1, letter);
    assert_eq!(
        transport.retries(leader).unwrap(),
        [(entry.id, state.clone())]
    );
    let retries = [(entry.id, state.receiver.clone())];
    let claimed = transport
        .claim_retries(leader, &retries, HOUR, false)
        .unwrap();
    assert_eq!(claimed[0].record.as_ref(), Ok(&large));
    assert_eq!(claimed[0].retry, Some(Box::new(state.clone())));
    assert_eq!(claimed[0].handled_by, [Arc::from("shop.greet")]);
    let done = settled(&claimed[0], "shop.mail").of_retry(state.receiver);
    assert_eq!(done.event_id, Some(event));
    transport.settle(leader, &[done]).unwrap();
    assert!(transport.retries(leader).unwrap().is_empty());
    let content = server.content();
    let left = content.keys().filter(|key| {
        let key = String::from_utf8_lossy(key);
        key.contains(":retry")
    });
    assert_eq!(left.count(), 0, "nothing is left of the retry queue");
}

/// A server that closes the connections of clients that are too far behind, as many are set up.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_closed_connection_halves_what_is_read() {
    let server = RedisServer::with(&["--client-output-buffer-limit", "normal 3mb 3mb 0"]);
    let publisher = joined(&server);
    let mut options = RedisOptions::default();
    options.response_timeout = Duration::from_secs(2);
    let transport = RedisTransport::open(&server.url(), options).unwrap();
    let leader = lead(&transport, "c");
    publisher
        .publish(TOPIC, &(0..30).map(record).collect::<Vec<_>>())
        .unwrap();
    finish(&transport, "c", &receive(&transport, leader, 8 * MIB));
    for number in 100..140 {
        publisher.publish(TOPIC, &[sized(number, MIB)]).unwrap();
    }
    let mut got = Vec::new();
    let mut closed = 0;
    let mut note = |error: events_bus::transport::TransportError| {
        assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
        closed += 1;
        assert!(closed < 20, "it never fits");
    };
    while got.len() < 40 {
        let limit = Limit {
            entries: 300,
            bytes: 8 * MIB,
        };
        match transport.receive(leader, limit, Duration::ZERO) {
            Ok(entries) if !entries.is_empty() => {
                got.extend(numbers(&entries));
                finish(&transport, "c", &entries);
            }
            Ok(_) => match transport.claim(leader, claim(HOUR)) {
                Ok(claimed) => {
                    got.extend(numbers(&claimed.entries));
                    finish(&transport, "c", &claimed.entries);
                }
                Err(error) => note(error),
            },
            Err(error) => note(error),
        }
    }
    assert!(closed > 0, "the server closed no connection");
    got.sort_unstable();
    assert_eq!(got, (100..140).collect::<Vec<u8>>());
    assert_eq!(
        transport.status(TOPIC).unwrap().unwrap().groups[0].pending,
        0
    );
}
