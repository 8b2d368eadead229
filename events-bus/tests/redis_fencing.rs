//! Fencing on Redis: an old epoch changes nothing, whichever way a call takes and whenever the server runs it.

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

#[path = "parts/redis_fencing_leaders.rs"]
mod leaders;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    DeadLetter, DeadReason, Entry, Groups, Limit, Log, Maintenance, Member, RetryId, RetryState,
    Settlement, Start, TransportError, TransportErrorKind,
};
use events_core::Timestamp;
use redis::cmd;
use support::proxy::Proxy;
use support::redis_server::RedisServer;
use support::redis_topic::{
    HOUR, LEASE, TOPIC, claim, joined, lead, member, numbers, publish, receive_as, record, settled,
    sized,
};

const MOMENT: Duration = Duration::from_millis(1);

#[track_caller]
fn lost<T: std::fmt::Debug>(result: Result<T, TransportError>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::LostLease, "{error}");
}

/// A leader whose lease ends at once.
fn lead_for_a_moment(transport: &RedisTransport, consumer: &'static str) -> Member<'static> {
    let leadership = transport.lead(member(consumer), MOMENT).unwrap();
    member(consumer).under(leadership.epoch().unwrap())
}

/// Takes the lead as soon as the lease of another leader has ended.
fn take_over(transport: &RedisTransport, consumer: &'static str) -> Member<'static> {
    loop {
        if let Some(epoch) = transport.lead(member(consumer), LEASE).unwrap().epoch() {
            return member(consumer).under(epoch);
        }
        thread::sleep(MOMENT);
    }
}

fn retry(receiver: &str) -> RetryState {
    RetryState {
        receiver: receiver.into(),
        key: Some("k".into()),
        attempts: 3,
        error: "it rains".into(),
        due: Timestamp::now(),
        delay: HOUR,
    }
}

fn parked(entry: &Entry, receiver: &str) -> Settlement {
    let record = entry.record.clone().unwrap();
    settled(entry, "shop.greet").with_parked(record, vec![retry(receiver)])
}

fn buried(entry: &Entry) -> Settlement {
    let letter = DeadLetter::new(
        "g".into(),
        DeadReason::Exhausted,
        "it rains",
        entry.id,
        Timestamp::now(),
        entry.record.clone(),
    );
    settled(entry, "shop.greet").with_dead(vec![letter])
}

/// A leader with entries of each kind, whose connections are warm.
struct Paused {
    server: RedisServer,
    proxy: Proxy,
    transport: RedisTransport,
    leader: Member<'static>,
    entries: Vec<Entry>,
    retries: Vec<RetryId>,
}

fn paused() -> Paused {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let mut options = RedisOptions::default();
    options.response_timeout = Duration::from_millis(300);
    let transport = RedisTransport::open(&proxy.url(), options).unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    let leader = lead_for_a_moment(&transport, "old");
    publish(&transport, 0..200);
    let entries = receive_as(&transport, leader, 120);
    assert_eq!(entries.len(), 120);
    let done: Vec<_> = entries[..100]
        .iter()
        .map(|entry| settled(entry, "shop.greet"))
        .collect();
    transport.settle(leader, &done[..80]).unwrap();
    transport.settle(leader, &done[80..]).unwrap();
    transport.requeue(TOPIC, "g", &[record(0)]).unwrap();
    let parked = parked(&entries[100], "shop.mail");
    transport.settle(leader, &[parked]).unwrap();
    let retries = vec![(entries[100].id, "shop.mail".into())];
    Paused {
        server,
        proxy,
        transport,
        leader,
        entries,
        retries,
    }
}

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// Content of the server while a new leader holds the lease.
fn content(server: &RedisServer) -> Content {
    let content = server.content();
    assert!(content.len() >= 8, "{}", content.len());
    content
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_leader_that_wakes_up_late_changes_not_a_byte() {
    let Paused {
        server,
        transport,
        leader: old,
        entries,
        retries,
        ..
    } = &paused();
    let other = server.transport();
    let new = take_over(&other, "new");
    let before = content(server);
    let settlements: Vec<_> = entries
        .iter()
        .map(|entry| settled(entry, "shop.mail"))
        .collect();
    let trial = {
        let mut trial = claim(Duration::ZERO);
        (trial.max_deliveries, trial.trial) = (1, true);
        trial
    };
    for _ in 0..2 {
        // Few are read and settled by scripts, many by transactions.
        for limit in [1, 16, 100] {
            let limit = Limit::entries(limit);
            lost(transport.receive(*old, limit, Duration::ZERO));
            lost(transport.receive(*old, limit, Duration::from_millis(5)));
        }
        for count in [0, 1, 63, 120] {
            lost(transport.settle(*old, &settlements[..count]));
        }
        lost(transport.settle(*old, &[parked(&entries[110], "shop.mail")]));
        lost(transport.settle(*old, &[buried(&entries[110])]));
        let retried = settled(&entries[100], "shop.mail").of_retry("shop.mail".into());
        lost(transport.settle(*old, &[retried]));
        lost(transport.claim(*old, claim(Duration::ZERO)));
        lost(transport.claim(*old, trial));
        lost(transport.claim_retries(*old, retries, Duration::ZERO, true));
        lost(transport.retries(*old));
        lost(transport.renew(*old, HOUR, &[entries[110].id]));
        transport.release(*old).unwrap();
        assert_eq!(content(server), before);
    }
    // Its own name does not help.
    let same_name = take_over_from(&other, new, "old");
    lost(transport.receive(*old, Limit::entries(100), Duration::ZERO));
    assert_eq!(receive_as(&other, same_name, 10).len(), 10);
    // All was left to the new leader.
    let claimed = other.claim(same_name, claim(Duration::ZERO)).unwrap();
    assert_eq!(claimed.entries.len(), 19 + 10);
}

/// Hands the lead over.
fn take_over_from(
    transport: &RedisTransport,
    from: Member<'_>,
    consumer: &'static str,
) -> Member<'static> {
    transport.release(from).unwrap();
    lead(transport, consumer)
}

/// Calls something whose commands reach the server only when there is a new leader.
fn late(call: impl Fn(&Paused) -> Result<(), TransportError>, warm: impl Fn(&Paused)) {
    let paused = paused();
    warm(&paused);
    let Paused { server, proxy, .. } = &paused;
    let calls = || -> u64 {
        let mut info = cmd("INFO");
        let stats: String = info
            .arg("commandstats")
            .query(&mut server.client())
            .unwrap();
        let count = |command: &str| -> u64 {
            let line = stats.lines().find_map(|line| line.strip_prefix(command));
            line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
        };
        count("cmdstat_exec:calls=") + count("cmdstat_evalsha:calls=")
    };
    proxy.hold();
    let error = call(&paused).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
    assert!(error.is_outcome_unknown(), "{error}");
    let other = server.transport();
    let new = take_over(&other, "new");
    let before = content(server);
    let ran = calls();
    proxy.release();
    let begun = Instant::now();
    while calls() == ran {
        assert!(begun.elapsed() < Duration::from_secs(10), "nothing arrived");
        thread::sleep(Duration::from_millis(2));
    }
    thread::sleep(Duration::from_millis(20));
    assert_eq!(content(server), before);
    assert_eq!(receive_as(&other, new, 100).len(), 81);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_read_that_arrives_late_takes_nothing() {
    for limit in [16, 100] {
        late(
            |paused| {
                let limit = Limit::entries(limit);
                let entries = paused
                    .transport
                    .receive(paused.leader, limit, Duration::ZERO);
                entries.map(drop)
            },
            |_| {},
        );
    }
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_settlement_that_arrives_late_settles_nothing() {
    for from in [0, 115] {
        late(
            |paused| {
                let rest = paused.entries[from..].iter();
                let settlements: Vec<_> = rest.map(|entry| settled(entry, "shop.mail")).collect();
                paused.transport.settle(paused.leader, &settlements)
            },
            |_| {},
        );
    }
    late(
        |paused| {
            let settlement = parked(&paused.entries[110], "shop.post");
            paused.transport.settle(paused.leader, &[settlement])
        },
        |_| {},
    );
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_claim_that_arrives_late_claims_nothing() {
    late(
        |paused| {
            let claimed = paused.transport.claim(paused.leader, claim(Duration::ZERO));
            claimed.map(drop)
        },
        |paused| {
            // The server has to know the script.
            let mut nothing = claim(HOUR);
            nothing.own = false;
            let claimed = paused.transport.claim(paused.leader, nothing).unwrap();
            assert!(claimed.entries.is_empty());
        },
    );
    late(
        |paused| {
            let Paused { transport, .. } = paused;
            transport
                .claim_retries(paused.leader, &paused.retries, Duration::ZERO, true)
                .map(drop)
        },
        |paused| {
            let Paused { transport, .. } = paused;
            transport
                .claim_retries(paused.leader, &paused.retries, Duration::ZERO, false)
                .unwrap();
        },
    );
}
