//! Calls while the Redis server is not there, does not answer, has no room, or refuses; and what is said of it.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis")]

mod support {
    pub mod redis_server;
}

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    Batch, Claim, DeadLetter, DeadReason, Entry, Epoch, Groups, Limit, Log, Maintenance, Member,
    Receipt, Retention, Settlement, Start, TransportError, TransportErrorKind,
};
use events_core::{EventMetadata, Timestamp, Uuid};
use redis::cmd;
use support::redis_server::{RedisServer, connect, free_port};

const MEMBER: Member<'static> = Member::new("t", "g", "c");

const LEASE: Duration = Duration::from_secs(1);

const CLAIM: Claim = Claim {
    after: None,
    own: true,
    idle: Duration::ZERO,
    limit: Limit::entries(10),
    max_deliveries: u64::MAX,
    trial: false,
};

fn batch(acknowledged: u64, numbers: &[u64]) -> Batch<'_> {
    Batch {
        incarnation: Uuid::from_u128(7),
        epoch: Epoch::new(1, 1),
        acknowledged,
        numbers,
    }
}

/// Returns the number of records that were appended.
#[track_caller]
fn appended(receipt: Result<Receipt, TransportError>) -> usize {
    match receipt.unwrap() {
        Receipt::Published(ids) => ids.iter().flatten().count(),
        Receipt::Disputed(dispute) => panic!("{dispute:?}"),
    }
}

fn record(size: usize) -> Record {
    Record::new(
        EventMetadata::new("org.example.redis.faults.v1"),
        vec![7; size],
    )
}

fn finished(entries: &[Entry]) -> Vec<Settlement> {
    let finish = |entry: &Entry| {
        let event = entry.record.as_ref().unwrap().metadata.id();
        Settlement::new(entry.id, Some(event), [Arc::from("shop.greet")].into())
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
    known.publish("t", &[record(1)]).unwrap();
    let mut client = connect(&format!("redis://:{PASSWORD}@127.0.0.1:{port}/2"));
    assert_eq!(cmd("XLEN").arg("t").query::<u64>(&mut client), Ok(1));

    refused(open("").topics(), "requires a password");
    refused(open(":staple-battery@").topics(), "name or the password");
    let ada = open(&format!("ada:{PASSWORD}@"));
    ada.topics().unwrap();
    refused(ada.publish("t", &[record(1)]), "does not permit");
    refused(ada.publish("t", &[record(1), record(1)]), "does not permit");
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
    transport.publish("t", &[record(1)]).unwrap();
    assert_eq!(transport.topics().unwrap()[0].entries, 1);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_server_that_comes_back_is_connected_again() {
    let mut server = RedisServer::durable();
    let transport = server.transport();
    transport.join("t", "g", Start::Beginning).unwrap();
    let records: Vec<_> = (0..3).map(record).collect();
    appended(transport.publish_batch("t", &records[..2], batch(0, &[1, 2])));
    let before = transport
        .receive(MEMBER, Limit::entries(1), Duration::ZERO)
        .unwrap();
    server.kill();
    unavailable(transport.publish_batch("t", &records[2..], batch(2, &[3])));
    unavailable(transport.receive(MEMBER, Limit::entries(1), Duration::ZERO));
    unavailable(transport.settle(MEMBER, &finished(&before)));
    server.start_again();
    let repeated = transport.publish_batch("t", &records[1..], batch(2, &[2, 3]));
    assert_eq!(appended(repeated), 1, "number 2 was published before");
    let pending = transport.claim(MEMBER, CLAIM).unwrap().entries;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].deliveries, 2);
    let rest = transport
        .receive(MEMBER, Limit::entries(10), Duration::ZERO)
        .unwrap();
    assert_eq!(rest.len(), 2);
    transport.settle(MEMBER, &finished(&pending)).unwrap();
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn no_call_waits_for_a_server_that_does_not_answer() {
    let server = RedisServer::start();
    let transport = impatient(&server.url());
    transport.join("t", "g", Start::Beginning).unwrap();
    let records: Vec<_> = (0..100).map(record).collect();
    let numbers: Vec<u64> = (1..=100).collect();
    appended(transport.publish_batch("t", &records[..1], batch(0, &numbers[..1])));
    let entries = transport
        .receive(MEMBER, Limit::entries(10), Duration::ZERO)
        .unwrap();
    server.pause();
    // The last one is under way when nobody listens: the server runs it when it goes on.
    let error = unavailable(transport.publish_batch("t", &records, batch(1, &numbers)));
    assert!(!error.to_string().contains("os error"), "{error}");
    assert!(error.is_outcome_unknown());
    unavailable(transport.receive(MEMBER, Limit::entries(10), Duration::from_millis(50)));
    unavailable(transport.settle(MEMBER, &finished(&entries)));
    unavailable(transport.lead(MEMBER, Duration::from_secs(1)));
    unavailable(transport.claim(MEMBER, CLAIM));
    unavailable(transport.renew(MEMBER, LEASE, &[entries[0].id]));
    unavailable(transport.release(MEMBER));
    unavailable(transport.topics());
    // These need a new connection.
    let other = impatient(&server.url());
    let error = unavailable(other.publish("t", &records)).to_string();
    assert!(error.contains("`connect_timeout`"), "{error}");
    assert!(!error.contains("os error"), "{error}");
    unavailable(other.join("t", "g", Start::Beginning));
    server.go_on();
    // The server ran the batch late, and the repetition is passed over.
    appended(transport.publish_batch("t", &records, batch(1, &numbers)));
    assert_eq!(transport.topics().unwrap()[0].entries, 100);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_full_server_takes_no_events_and_lets_them_be_finished() {
    let server = RedisServer::with(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]);
    let transport = server.transport();
    transport.join("t", "g", Start::Beginning).unwrap();
    let records: Vec<_> = (0..20).map(|_| record(2000)).collect();
    let error = loop {
        if let Err(error) = transport.publish("t", &records[..1]) {
            break error;
        }
    };
    assert_eq!(error.kind(), TransportErrorKind::Full, "{error}");
    assert!(!error.is_outcome_unknown());
    assert!(error.to_string().contains("maxmemory"), "{error}");
    let numbers: Vec<u64> = (1..=20).collect();
    let error = transport.publish("t", &records).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Full, "{error}");
    let error = transport
        .publish_batch("t", &records, batch(0, &numbers))
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Full, "{error}");
    let entries = transport
        .receive(MEMBER, Limit::entries(10_000), Duration::ZERO)
        .unwrap();
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
    let error = transport.settle(MEMBER, &[buried]).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Full, "{error}");
    transport.settle(MEMBER, &finished(few)).unwrap();
    transport.settle(MEMBER, &finished(many)).unwrap();
    assert_eq!(transport.topics().unwrap()[0].groups[0].pending, 0);
    let keep_nothing = Retention {
        entries: 0,
        age: Duration::ZERO,
        ..Retention::default()
    };
    let trimmed = transport.trim("t", keep_nothing).unwrap();
    assert_eq!(trimmed.entries, entries.len() as u64);
    transport.publish("t", &records).unwrap();
}

/// The consumers of a full server go on, also those that start then: only what they finish can be trimmed.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_full_server_can_be_led() {
    let server = RedisServer::with(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]);
    let transport = server.transport();
    transport.join("t", "g", Start::Beginning).unwrap();
    while transport.publish("t", &[record(2000)]).is_ok() {}
    let mut client = server.client();
    for _ in 0..2 {
        // A publisher takes all that consumers give free.
        while transport.publish("t", &[record(1)]).is_ok() {}
        let full = cmd("SET").arg("x").arg("y").exec(&mut client);
        assert!(full.is_err(), "the server is full");
        transport.join("t", "g", Start::Beginning).unwrap();
        let epoch = transport.lead(MEMBER, LEASE).unwrap().epoch().unwrap();
        let leader = MEMBER.under(epoch);
        transport.renew(leader, LEASE, &[]).unwrap();
        let few = transport.receive(leader, Limit::entries(10), Duration::ZERO);
        let few = few.unwrap();
        let many = transport.receive(leader, Limit::entries(100), Duration::ZERO);
        let many = many.unwrap();
        assert_eq!((few.len(), many.len()), (10, 100));
        let suspects = Claim {
            max_deliveries: 1,
            trial: true,
            ..CLAIM
        };
        let claimed = transport.claim(leader, suspects).unwrap().entries;
        assert_eq!((claimed.len(), claimed[0].trials), (1, 1));
        transport.settle(leader, &finished(&few)).unwrap();
        transport.settle(leader, &finished(&many)).unwrap();
        transport.release(leader).unwrap();
    }
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
    let says = "another type of value";
    refused(transport.publish("t", &[record(1)]), says);
    refused(transport.publish("t", &[record(1), record(2)]), says);
    refused(
        transport.publish_batch("t", &[record(1)], batch(0, &[1])),
        says,
    );
    refused(transport.join("t", "g", Start::Beginning), says);
    refused(transport.status("t"), says);
    assert!(transport.topics().unwrap().is_empty());
    assert_eq!(
        cmd("GET").arg("t").query::<String>(&mut client).as_deref(),
        Ok("text")
    );

    cmd("DEL").arg("t").exec(&mut client).unwrap();
    appended(transport.publish_batch("t", &[record(1)], batch(0, &[1])));
    // In the middle of it all.
    set();
    refused(
        transport.publish_batch("t", &[record(2)], batch(1, &[2])),
        says,
    );
    cmd("DEL").arg("t").exec(&mut client).unwrap();
    let receipt = transport.publish_batch("t", &[record(2)], batch(1, &[2]));
    assert_eq!(appended(receipt), 1, "what was refused was not published");
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
    let error = unavailable(transport.publish("t", &[record(1)]));
    assert!(error.to_string().contains("is a replica"), "{error}");
    let error = unavailable(transport.publish("t", &[record(1), record(1)]));
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
