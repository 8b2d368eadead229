//! Groups of consumers on Redis Streams: what is peculiar to this transport. What all of them promise is in `transports.rs`.

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

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::Requeued;
use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    DeadLetter, DeadReason, Entry, Groups, Leadership, Limit, Log, Maintenance, Settlement,
    TransportErrorKind,
};
use events_core::Timestamp;
use redis::cmd;
use support::redis_server::RedisServer;
use support::redis_topic::{
    HOUR, LEASE, TOPIC, appended, batch, claim, finish, joined, lead, member, numbers, publish,
    receive, receive_as, record, settled, take_over,
};

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_server_that_lost_its_data_does_not_stop_a_consumer() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..3);
    let before = receive(&transport, "c", 10);
    assert_eq!(numbers(&before), [0, 1, 2]);
    cmd("FLUSHALL").exec(&mut server.client()).unwrap();
    finish(&transport, "c", &before);
    assert!(receive(&transport, "c", 10).is_empty());
    publish(&transport, 3..5);
    assert_eq!(numbers(&receive(&transport, "c", 10)), [3, 4]);
    cmd("FLUSHALL").exec(&mut server.client()).unwrap();
    publish(&transport, 5..7);
    // What is in the stream by now is all new.
    assert!(take_over(&transport, "c", Duration::ZERO).is_empty());
    assert_eq!(numbers(&receive(&transport, "c", 10)), [5, 6]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_consumer_that_waits_outlives_the_loss_of_its_group() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let wait = Duration::from_mins(1);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            transport
                .receive(member("c"), Limit::entries(1), wait)
                .unwrap()
        });
        server.until_somebody_waits();
        server.flush_all();
        publish(&transport, 3..4);
        assert_eq!(numbers(&waiting.join().unwrap()), [3]);
    });
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn consumers_that_are_gone_leave_nothing_behind() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..2);
    for consumer in ["one", "two"] {
        assert_eq!(receive(&transport, consumer, 1).len(), 1);
    }
    let consumers = || -> u64 {
        let groups: Vec<HashMap<String, redis::Value>> = cmd("XINFO")
            .arg("GROUPS")
            .arg(TOPIC)
            .query(&mut server.client())
            .unwrap();
        redis::from_redis_value(groups[0]["consumers"].clone()).unwrap()
    };
    // One has finished, and one has not: that stays, or its entry would be lost.
    finish(&transport, "one", &take_over(&transport, "one", HOUR));
    transport.release(member("one")).unwrap();
    transport.release(member("two")).unwrap();
    assert_eq!(consumers(), 1);
    assert_eq!(numbers(&take_over(&transport, "three", HOUR)), [1]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn more_than_was_asked_for_is_never_handed_out_and_never_lost() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let leader = lead(&transport, "c");
    // From here on the sizes of entries are known, and many are read at once.
    publish(&transport, 0..30);
    finish(&transport, "c", &receive_as(&transport, leader, 100));
    publish(&transport, 30..70);
    let again: Vec<_> = (100..130)
        .map(|number| record(number).with_requeued(Requeued::new("replay", "1-0")))
        .collect();
    transport.requeue(TOPIC, "g", &again).unwrap();
    let range = |from: u8, to: u8| (from..to).collect::<Vec<u8>>();
    // Requeued entries take half, and what was read beyond the limit comes with the next call.
    let first = receive_as(&transport, leader, 40);
    assert_eq!(numbers(&first), [range(100, 120), range(30, 50)].concat());
    transport.requeue(TOPIC, "g", &again[..20]).unwrap();
    let second = receive_as(&transport, leader, 25);
    let requeued = [range(120, 130), range(100, 103)].concat();
    assert_eq!(numbers(&second), [requeued, range(50, 62)].concat());
    assert_eq!(server.entries(TOPIC), 70);
    let status = transport.status(TOPIC).unwrap().unwrap();
    assert_eq!(
        (status.groups[0].unread, status.groups[0].pending),
        (Some(0), 40)
    );
    // The next leader knows nothing of it, and claims it.
    let leader = lead(&transport, "c");
    assert_eq!(
        numbers(&receive_as(&transport, leader, 40)),
        range(103, 120)
    );
    let claimed = transport.claim(leader, claim(HOUR)).unwrap().entries;
    let requeued = [range(100, 130), range(100, 120)].concat();
    assert_eq!(numbers(&claimed), [requeued, range(30, 70)].concat());
    assert!(receive_as(&transport, leader, 4).is_empty());
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn entries_of_others_are_taken_over_when_nobody_touched_them() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..4);
    assert_eq!(receive(&transport, "one", 2).len(), 2);
    assert_eq!(receive(&transport, "two", 2).len(), 2);
    assert_eq!(numbers(&take_over(&transport, "two", HOUR)), [2, 3]);
    transport.release(member("one")).unwrap();
    let all = take_over(&transport, "two", HOUR);
    assert_eq!(numbers(&all), [0, 1, 2, 3]);
    // A consumer cannot hold on to what is no longer its own.
    transport.renew(member("one"), LEASE, &[all[0].id]).unwrap();
    assert!(take_over(&transport, "one", HOUR).is_empty());
    assert_eq!(
        numbers(&take_over(&transport, "one", Duration::ZERO)),
        [0, 1, 2, 3]
    );
    let mut after = claim(HOUR);
    after.after = Some(all[1].id);
    after.limit.entries = 1;
    let after = transport.claim(member("one"), after).unwrap();
    assert_eq!(numbers(&after.entries), [2]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn one_consumer_leads() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..2);
    let first = lead(&transport, "one");
    assert_eq!(
        transport.lead(member("two"), LEASE).unwrap(),
        Leadership::Standby
    );
    let one = lead(&transport, "one");
    assert_eq!(one.epoch.unwrap().counter(), 2);
    let entries = receive_as(&transport, one, 10);
    let settlements = [settled(&entries[0], "shop.greet")];
    let error = transport.settle(first, &settlements).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::LostLease);
    let status = &transport.topics().unwrap()[0].groups[0];
    assert_eq!((status.pending, status.leader.as_deref()), (2, Some("one")));
    transport.settle(one, &settlements).unwrap();
    transport.release(one).unwrap();
    // The counter survives the release.
    let two = lead(&transport, "two");
    assert_eq!(two.epoch.unwrap().counter(), 3);
    let claimed = transport.claim(two, claim(HOUR)).unwrap().entries;
    assert_eq!(numbers(&claimed), [1]);
    assert_eq!(claimed[0].deliveries, 1, "the first one was taken back");
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn receivers_that_handled_an_event_are_remembered() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let twice = record(7);
    let again = twice.clone().with_requeued(Requeued::new("retry", "1-0"));
    transport
        .publish(TOPIC, &[twice.clone(), twice.clone(), again])
        .unwrap();
    let first = receive(&transport, "c", 1);
    assert!(first[0].handled_by.is_empty());
    finish(&transport, "c", &first);
    let rest = receive(&transport, "c", 10);
    assert_eq!(rest[0].handled_by, [Arc::from("shop.greet")]);
    assert!(
        rest[1].handled_by.is_empty(),
        "it is handled again on purpose"
    );
    // A second receiver joins the first.
    let more = settled(&rest[0], "shop.audit");
    transport.settle(member("c"), &[more]).unwrap();
    transport.publish(TOPIC, &[twice]).unwrap();
    let known = &receive(&transport, "c", 10)[0].handled_by;
    assert_eq!(
        known[..],
        [Arc::from("shop.greet"), Arc::from("shop.audit")]
    );
    // Claimed entries are looked up as well.
    let claimed = take_over(&transport, "c", Duration::ZERO);
    assert_eq!(claimed.last().unwrap().handled_by, *known);

    let mut options = RedisOptions::default();
    options.duplicate_window = Duration::ZERO;
    let forgetful = RedisTransport::open(&server.url(), options).unwrap();
    let entries = take_over(&forgetful, "c", Duration::ZERO);
    assert!(entries.iter().all(|entry| entry.handled_by.is_empty()));
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn dead_letters_are_kept_once() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..2);
    let mut client = server.client();
    // A stranger's entry: no event type, and bytes that are no text.
    cmd("XADD")
        .arg(TOPIC)
        .arg(&["*", "id", "x"])
        .arg(b"\xff\x00")
        .arg(b"\xfe")
        .exec(&mut client)
        .unwrap();
    let entries = receive(&transport, "c", 10);
    let malformed = entries[2].record.as_ref().unwrap_err().clone();
    assert_eq!(malformed.fields[1].0[..], *b"\xff\x00");
    let at = Timestamp::from_micros(1_700_000_000_123_456).unwrap();
    let letter = |entry: &Entry, reason| {
        let record = entry.record.clone();
        DeadLetter::new("g".into(), reason, "no\nuse", entry.id, at, record)
    };
    let exhausted = letter(&entries[1], DeadReason::Exhausted).by_receiver("shop.mail".into(), 5);
    let unreadable = letter(&entries[2], DeadReason::Malformed);
    let settlements = [
        Settlement::new(entries[1].id, None, Arc::default()).with_dead(vec![exhausted.clone()]),
        Settlement::new(entries[2].id, None, Arc::default()).with_dead(vec![unreadable.clone()]),
    ];
    // The answer to the first call may be lost: who repeats it must not bury anything twice.
    for _ in 0..2 {
        transport.settle(member("c"), &settlements).unwrap();
    }
    let letters = transport.dead_letters(TOPIC, None, 10).unwrap();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].1, exhausted);
    assert_eq!(letters[1].1, unreadable);
    let after = transport
        .dead_letters(TOPIC, Some(letters[0].0), 10)
        .unwrap();
    assert_eq!(after.len(), 1);

    let pending = take_over(&transport, "c", Duration::ZERO);
    assert_eq!(numbers(&pending), [0]);
    finish(&transport, "c", &pending);

    // Somebody else's scribbling among the dead letters can be seen, and removed.
    cmd("XADD")
        .arg(format!("events:{{{TOPIC}}}:dead"))
        .arg(&["*", "dead_group", "g"])
        .exec(&mut client)
        .unwrap();
    let letters = transport.dead_letters(TOPIC, None, 10).unwrap();
    assert_eq!(letters[2].1.reason, DeadReason::Malformed);
    let ids: Vec<_> = letters.iter().map(|(id, _)| *id).collect();
    assert_eq!(transport.drop_dead_letters(TOPIC, &ids).unwrap(), 3);
    assert_eq!(transport.drop_dead_letters(TOPIC, &ids).unwrap(), 0);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_batch_is_published_once() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let records: Vec<_> = (0..5).map(record).collect();
    let publish =
        |by: &RedisTransport, of: &[events_bus::Record], acknowledged, numbers: &[u64]| {
            let receipt = by.publish_batch(TOPIC, of, batch(acknowledged, numbers));
            appended(&receipt.unwrap())
        };
    assert_eq!(publish(&transport, &records[..2], 0, &[1, 2]), [true; 2]);
    let other = server.transport();
    let repeated = publish(&other, &records[..4], 0, &[1, 2, 5, 6]);
    assert_eq!(repeated, [false, false, true, true]);
    // What the first one knows is out of date. It learns that from the server.
    let late = publish(&transport, &records[2..], 2, &[5, 6, 7]);
    assert_eq!(late, [false, false, true]);
    assert_eq!(numbers(&receive(&transport, "c", 10)), [0, 1, 2, 3, 4]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn many_entries_are_settled_like_few() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let mut client = server.client();
    let twice = record(0);
    let mut records: Vec<_> = (0..200).map(record).collect();
    records[0] = twice.clone();
    transport.publish(TOPIC, &records).unwrap();
    let old = lead(&transport, "one");
    let entries = receive_as(&transport, old, 200);
    assert_eq!(entries.len(), 200);
    // One was tried before: it has a mark.
    let mut trial = claim(HOUR);
    (trial.max_deliveries, trial.trial) = (1, true);
    assert_eq!(transport.claim(old, trial).unwrap().entries[0].trials, 1);
    let settlements: Vec<_> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let event = entry.record.as_ref().unwrap().metadata.id();
            let by: Arc<[Arc<str>]> = match index % 3 {
                0 => [Arc::from("shop.greet"), Arc::from("shop.audit")].into(),
                1 => [Arc::from("shop.greet")].into(),
                _ => Arc::default(),
            };
            Settlement::new(entry.id, Some(event), by)
        })
        .collect();
    let one = lead(&transport, "one");
    let error = transport.settle(old, &settlements).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::LostLease);
    transport.settle(one, &settlements).unwrap();
    let status = transport.status(TOPIC).unwrap().unwrap();
    assert_eq!(status.groups[0].pending, 0);
    let marks = format!("events:{{{TOPIC}}}:trials:g");
    assert_eq!(cmd("EXISTS").arg(marks).query::<u8>(&mut client), Ok(0));

    // A connection that settled without leading is as good as any other.
    for _ in 0..20 {
        transport.publish(TOPIC, &[record(1), record(2)]).unwrap();
    }
    transport.publish(TOPIC, &records).unwrap();
    let rest = receive(&transport, "one", 300);
    assert!(rest[..40].iter().all(|entry| entry.handled_by.is_empty()));
    for (index, entry) in rest[40..].iter().enumerate() {
        let by: Vec<_> = entry.handled_by.iter().map(|id| &**id).collect();
        let expected: &[&str] = match index % 3 {
            0 => &["shop.greet", "shop.audit"],
            1 => &["shop.greet"],
            _ => &[],
        };
        assert_eq!(by, expected);
    }
    // Duplicates among them: what was known of their events stays known.
    let by_mail: Vec<_> = rest
        .iter()
        .map(|entry| settled(entry, "shop.mail"))
        .collect();
    transport.settle(one, &by_mail).unwrap();
    transport.publish(TOPIC, &[twice]).unwrap();
    let mut known = receive(&transport, "one", 1)[0].handled_by.clone();
    known.sort();
    assert_eq!(
        known[..],
        ["shop.audit", "shop.greet", "shop.mail"].map(Arc::from)
    );
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_duplicate_is_recognised_however_its_id_is_written() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let event = record(7);
    transport
        .publish(TOPIC, std::slice::from_ref(&event))
        .unwrap();
    let first = receive(&transport, "c", 1);
    finish(&transport, "c", &first);
    let id = event.metadata.id();
    // As a producer in Python may spell them: its `UUID` reads all of these.
    for spelling in [
        id.to_string(),
        id.to_string().to_uppercase(),
        id.simple().to_string(),
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
    ] {
        let mut add = cmd("XADD");
        add.arg(TOPIC).arg("*");
        events_bus::headers::write(&event, |name, value| {
            let value = if name == "id" { &*spelling } else { &*value };
            add.arg(name).arg(value);
        });
        add.arg(events_bus::headers::BODY).arg(&*event.body);
        add.exec(&mut server.client()).unwrap();
        let entries = receive(&transport, "c", 1);
        assert_eq!(entries.len(), 1, "{spelling}");
        assert_eq!(
            entries[0].handled_by,
            [Arc::from("shop.greet")],
            "{spelling}"
        );
    }
}
