//! What becomes of calls when the Redis server is not there, does not answer, has no room, or refuses; and what is said of it.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub mod redis_server;
}

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    DeadLetter, DeadReason, Entry, Member, Retention, Sequence, Settlement, Start, Transport,
    TransportError, TransportErrorKind,
};
use events_core::{EventMetadata, Timestamp};
use redis::cmd;
use support::redis_server::{RedisServer, connect, free_port};

const MEMBER: Member<'static> = Member {
    topic: "t",
    group: "g",
    consumer: "c",
};

fn record(size: usize) -> Record {
    Record::new(
        EventMetadata::new("org.example.redis.faults.v1"),
        vec![7; size],
    )
}

fn finished(entries: &[Entry]) -> Vec<Settlement> {
    let finish = |entry: &Entry| {
        let event = entry.record.as_ref().unwrap().metadata.id();
        Settlement::finished(entry.id, Some(event), [Arc::from("shop.greet")].into())
    };
    entries.iter().map(finish).collect()
}

/// A transport that does not wait for long.
fn impatient(url: &str) -> RedisTransport {
    let mut options = RedisOptions::default();
    options.connect_timeout = Duration::from_millis(200);
    options.response_timeout = Duration::from_millis(200);
    RedisTransport::open(url, options).unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, TransportError>, says: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[track_caller]
fn unavailable<T: std::fmt::Debug>(result: Result<T, TransportError>) -> TransportError {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
    error
}

const PASSWORD: &str = "correct-horse";

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn who_logs_in_is_checked_and_never_shown() {
    let server = RedisServer::with(&[
        "--requirepass",
        PASSWORD,
        "--user",
        "ada",
        "on",
        ">correct-horse",
        "~*",
        "&*",
        "+@all",
        "-xadd",
    ]);
    let port = server.port();
    let open = |login: &str| {
        let url = format!("redis://{login}127.0.0.1:{port}/2");
        RedisTransport::open(&url, RedisOptions::default()).unwrap()
    };
    let known = open(&format!(":{PASSWORD}@"));
    known.publish("t", &[record(1)], None).unwrap();
    let mut client = connect(&format!("redis://:{PASSWORD}@127.0.0.1:{port}/2"));
    assert_eq!(cmd("XLEN").arg("t").query::<u64>(&mut client), Ok(1));

    refused(open("").topics(), "wants a password");
    refused(open(":staple-battery@").topics(), "name or the password");
    let ada = open(&format!("ada:{PASSWORD}@"));
    ada.topics().unwrap();
    refused(ada.publish("t", &[record(1)], None), "does not permit");
    refused(
        ada.publish("t", &[record(1), record(1)], None),
        "does not permit",
    );
    let nowhere = format!("redis://ada:{PASSWORD}@127.0.0.1:{}", free_port());
    let wrong = format!("redis://ada:{PASSWORD}@127.0.0.1:{port}/99");
    let nowhere = RedisTransport::open(&nowhere, RedisOptions::default()).unwrap();
    let wrong = RedisTransport::open(&wrong, RedisOptions::default()).unwrap();
    refused(wrong.topics(), "no database of that number");
    let unreadable = format!("redis://ada:{PASSWORD}@127.0.0.1:port");
    for said in [
        format!("{known:?}"),
        unavailable(nowhere.topics()).to_string(),
        wrong.topics().unwrap_err().to_string(),
        open(":staple-battery@").topics().unwrap_err().to_string(),
        format!(
            "{:?}",
            RedisTransport::open(&unreadable, RedisOptions::default())
        ),
    ] {
        assert!(
            !said.contains(PASSWORD) && !said.contains("staple"),
            "{said}"
        );
    }
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_socket_of_the_file_system_will_do() {
    let server = RedisServer::start();
    let url = format!("redis+unix://{}?db=1", server.socket().display());
    let transport = RedisTransport::open(&url, RedisOptions::default()).unwrap();
    transport.publish("t", &[record(1)], None).unwrap();
    assert_eq!(transport.topics().unwrap()[0].entries, 1);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_server_that_comes_back_is_connected_again() {
    let mut server = RedisServer::durable();
    let transport = server.transport();
    transport.join("t", "g", Start::Beginning).unwrap();
    let sequence = |numbers| {
        Some(Sequence {
            outbox: "box",
            numbers,
        })
    };
    transport
        .publish("t", &[record(1), record(2)], sequence(&[1, 2]))
        .unwrap();
    let before = transport.receive(MEMBER, 1, Duration::ZERO).unwrap();
    server.kill();
    unavailable(transport.publish("t", &[record(3)], sequence(&[3])));
    unavailable(transport.receive(MEMBER, 1, Duration::ZERO));
    unavailable(transport.settle(MEMBER, &finished(&before), false));
    server.start_again();
    transport
        .publish("t", &[record(2), record(3)], sequence(&[2, 3]))
        .unwrap();
    let pending = transport
        .take_over(MEMBER, None, Duration::ZERO, 10)
        .unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].deliveries, 2);
    let rest = transport.receive(MEMBER, 10, Duration::ZERO).unwrap();
    assert_eq!(rest.len(), 2, "number 2 was published once");
    transport
        .settle(MEMBER, &finished(&pending), false)
        .unwrap();
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn no_call_waits_for_a_server_that_does_not_answer() {
    let server = RedisServer::start();
    let transport = impatient(&server.url());
    transport.join("t", "g", Start::Beginning).unwrap();
    let sequence = |numbers| {
        Some(Sequence {
            outbox: "box",
            numbers,
        })
    };
    let records: Vec<_> = (0..100).map(record).collect();
    let numbers: Vec<u64> = (1..=100).collect();
    let one = Some(Sequence {
        outbox: "box",
        numbers: &numbers[..1],
    });
    transport.publish("t", &records[..1], one).unwrap();
    let entries = transport.receive(MEMBER, 10, Duration::ZERO).unwrap();
    server.pause();
    // The last one is under way when nobody listens: the server runs it when it goes on.
    let error = unavailable(transport.publish("t", &records, sequence(&numbers)));
    assert!(error.is_outcome_unknown());
    unavailable(transport.receive(MEMBER, 10, Duration::from_millis(50)));
    unavailable(transport.settle(MEMBER, &finished(&entries), false));
    unavailable(transport.lead(MEMBER, Duration::from_secs(1)));
    unavailable(transport.take_over(MEMBER, None, Duration::ZERO, 10));
    unavailable(transport.extend(MEMBER, &[entries[0].id]));
    unavailable(transport.leave(MEMBER));
    unavailable(transport.topics());
    // These need a new connection.
    let other = impatient(&server.url());
    unavailable(other.publish("t", &records, None));
    unavailable(other.join("t", "g", Start::Beginning));
    server.go_on();
    transport
        .publish("t", &records, sequence(&numbers))
        .unwrap();
    assert_eq!(transport.topics().unwrap()[0].entries, 100);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_full_server_takes_no_events_and_lets_them_be_finished() {
    let server = RedisServer::with(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]);
    let transport = server.transport();
    transport.join("t", "g", Start::Beginning).unwrap();
    let batch: Vec<_> = (0..20).map(|_| record(2000)).collect();
    let error = loop {
        if let Err(error) = transport.publish("t", &batch[..1], None) {
            break error;
        }
    };
    assert_eq!(error.kind(), TransportErrorKind::Full, "{error}");
    assert!(!error.is_outcome_unknown());
    assert!(error.to_string().contains("maxmemory"), "{error}");
    let numbers: Vec<u64> = (1..=20).collect();
    let sequence = Sequence {
        outbox: "box",
        numbers: &numbers,
    };
    for sequence in [None, Some(sequence)] {
        let error = transport.publish("t", &batch, sequence).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Full, "{error}");
    }
    let entries = transport.receive(MEMBER, 10_000, Duration::ZERO).unwrap();
    let (few, many) = entries.split_at(10);
    assert!(many.len() > 100);
    let letter = DeadLetter::new(
        "g".into(),
        DeadReason::Exhausted,
        "it rains",
        few[0].id,
        Timestamp::now(),
        few[0].record.clone(),
    );
    let buried = finished(&few[..1]).remove(0).with_dead(vec![letter]);
    let error = transport.settle(MEMBER, &[buried], false).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Full, "{error}");
    transport.settle(MEMBER, &finished(few), false).unwrap();
    transport.settle(MEMBER, &finished(many), false).unwrap();
    assert_eq!(transport.topics().unwrap()[0].groups[0].pending, 0);
    let keep_nothing = Retention {
        entries: 0,
        age: Duration::ZERO,
        lose_unread_beyond: None,
    };
    let trimmed = transport.trim("t", keep_nothing).unwrap();
    assert_eq!(trimmed.entries, entries.len() as u64);
    transport.publish("t", &batch, None).unwrap();
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn what_is_no_stream_is_left_alone() {
    let server = RedisServer::start();
    let mut client = server.client();
    let transport = server.transport();
    let set = || {
        cmd("SET")
            .arg("t")
            .arg("text")
            .exec(&mut server.client())
            .unwrap();
    };
    set();
    let sequence = |numbers| {
        Some(Sequence {
            outbox: "box",
            numbers,
        })
    };
    let says = "something else than a stream";
    refused(transport.publish("t", &[record(1)], None), says);
    refused(transport.publish("t", &[record(1), record(2)], None), says);
    refused(transport.publish("t", &[record(1)], sequence(&[1])), says);
    refused(transport.join("t", "g", Start::Beginning), says);
    refused(transport.status("t"), says);
    assert!(transport.topics().unwrap().is_empty());
    assert_eq!(
        cmd("GET").arg("t").query::<String>(&mut client).as_deref(),
        Ok("text")
    );

    cmd("DEL").arg("t").exec(&mut client).unwrap();
    transport
        .publish("t", &[record(1)], sequence(&[1]))
        .unwrap();
    // In the middle of it all.
    set();
    refused(transport.publish("t", &[record(2)], sequence(&[2])), says);
    cmd("DEL").arg("t").exec(&mut client).unwrap();
    let ids = transport
        .publish("t", &[record(2)], sequence(&[2]))
        .unwrap();
    assert!(ids[0].is_some(), "what was refused was not published");
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_replica_and_a_busy_server_are_waited_for() {
    let server = RedisServer::with(&["--busy-reply-threshold", "1"]);
    let transport = server.transport();
    let mut client = server.client();
    cmd("REPLICAOF")
        .arg("127.0.0.1")
        .arg(free_port())
        .exec(&mut client)
        .unwrap();
    let error = unavailable(transport.publish("t", &[record(1)], None));
    assert!(error.to_string().contains("is a replica"), "{error}");
    let error = unavailable(transport.publish("t", &[record(1), record(1)], None));
    assert!(error.to_string().contains("is a replica"), "{error}");
    cmd("REPLICAOF")
        .arg("NO")
        .arg("ONE")
        .exec(&mut client)
        .unwrap();

    let endless = thread::spawn(move || {
        cmd("EVAL")
            .arg("while true do end")
            .arg(0)
            .exec(&mut client)
            .unwrap_err()
    });
    let error = loop {
        // Until the script runs for long enough to be noticed, the server answers late, but well.
        if let Err(error) = transport.topics() {
            break error;
        }
    };
    assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("SCRIPT KILL"), "{error}");
    cmd("SCRIPT")
        .arg("KILL")
        .exec(&mut server.client())
        .unwrap();
    endless.join().unwrap();
    transport.topics().unwrap();
}
