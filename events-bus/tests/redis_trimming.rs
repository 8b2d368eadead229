//! Trimming of streams, by this transport and by strangers, and the groups of Python services.

#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub mod redis_server;
    pub mod redis_topic;
}

use std::time::Duration;

use events_bus::transport::redis::RedisTransport;
use events_bus::transport::{Position, Retention, Transport, TransportErrorKind};
use events_core::Timestamp;
use redis::cmd;
use support::redis_server::RedisServer;
use support::redis_topic::{
    TOPIC, finish, joined, numbers, publish, read_as_python, receive, record, take_over,
};

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn what_was_trimmed_away_while_it_was_pending_does_not_stop_the_rest() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..250);
    assert_eq!(receive(&transport, "dead", 250).len(), 250);
    // The reference's producer trims, whatever is pending.
    cmd("XTRIM")
        .arg(TOPIC)
        .arg("MAXLEN")
        .arg(3)
        .exec(&mut server.client())
        .unwrap();
    let entries = take_over(&transport, "alive", Duration::ZERO);
    assert_eq!(numbers(&entries), [247, 248, 249]);
    assert!(entries.iter().all(|entry| entry.deliveries == 2));
    finish(&transport, "alive", &entries);
    assert_eq!(transport.topics().unwrap()[0].groups[0].pending, 0);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_group_of_a_python_service_is_known_and_left_alone() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let mut client = server.client();
    publish(&transport, 0..10);
    finish(&transport, "c", &receive(&transport, "c", 10));
    read_as_python(&mut client, "python", 4);
    let keep_nothing = Retention {
        entries: 0,
        age: Duration::ZERO,
        lose_unread_beyond: None,
    };
    // It has read four, and acknowledged none.
    assert_eq!(transport.trim(TOPIC, keep_nothing).unwrap().entries, 0);
    let status = transport.topics().unwrap();
    let python = &status[0].groups[1];
    assert_eq!(
        (&*python.group, python.pending, python.unread),
        ("python", 4, Some(6))
    );
    assert_eq!(python.oldest_unfinished, transport_time(&transport, 0));
    let ids: Vec<_> = ids(&transport);
    cmd("XACK")
        .arg(&[TOPIC, "python"])
        .arg(&ids[..2])
        .exec(&mut client)
        .unwrap();
    assert_eq!(transport.trim(TOPIC, keep_nothing).unwrap().entries, 2);
    let error = transport
        .requeue(TOPIC, "python", &[record(0)])
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Refused);

    let lossy = Retention {
        lose_unread_beyond: Some(3),
        ..keep_nothing
    };
    let trimmed = transport.trim(TOPIC, lossy).unwrap();
    assert_eq!((trimmed.entries, trimmed.unread), (5, 5));
    let status = transport.topics().unwrap();
    assert_eq!(status[0].entries, 3);
    assert_eq!(
        status[0].groups[1].pending, 0,
        "what is gone is not pending"
    );
    assert!(transport.forget(TOPIC, "python").unwrap());
    assert!(!transport.forget(TOPIC, "python").unwrap());
    assert_eq!(transport.trim(TOPIC, keep_nothing).unwrap().entries, 3);
}

fn ids(transport: &RedisTransport) -> Vec<String> {
    let entries = transport.read(TOPIC, Position::Oldest, 100).unwrap();
    entries.iter().map(|entry| entry.id.to_string()).collect()
}

fn transport_time(transport: &RedisTransport, index: usize) -> Option<Timestamp> {
    let entries = transport.read(TOPIC, Position::Oldest, 100).unwrap();
    entries.get(index).map(|entry| entry.published_at)
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn pending_entries_that_are_gone_do_not_stop_trimming() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let mut client = server.client();
    publish(&transport, 0..9);
    finish(&transport, "c", &receive(&transport, "c", 9));
    read_as_python(&mut client, "python", 9);
    let ids = ids(&transport);
    cmd("XACK")
        .arg(&[TOPIC, "python"])
        .arg(&ids[5..])
        .exec(&mut client)
        .unwrap();
    // The rest was trimmed or deleted by somebody: the reference hangs on it for ever.
    cmd("XTRIM")
        .arg(TOPIC)
        .arg("MAXLEN")
        .arg(6)
        .exec(&mut client)
        .unwrap();
    cmd("XDEL")
        .arg(TOPIC)
        .arg(&ids[3..5])
        .exec(&mut client)
        .unwrap();
    let retention = Retention {
        entries: 1,
        age: Duration::ZERO,
        lose_unread_beyond: None,
    };
    transport.trim(TOPIC, retention).unwrap();
    assert_eq!(transport.topics().unwrap()[0].entries, 1);
}
