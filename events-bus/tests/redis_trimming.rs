//! Trimming of streams, by this transport and by strangers, and the groups of Python services.

#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub mod redis_server;
    pub mod redis_topic;
}

use std::thread;
use std::time::Duration;

use events_bus::transport::redis::RedisTransport;
use events_bus::transport::{
    DeadLetterLimits, Groups, Log, Maintenance, Position, Retention, Start, TransportErrorKind,
    Trimmed,
};
use events_core::Timestamp;
use redis::cmd;
use support::redis_server::RedisServer;
use support::redis_topic::{
    TOPIC, finish, joined, lead, numbers, publish, read_as_python, receive, receive_as, record,
    take_over,
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
        ..Retention::default()
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
    assert!(transport.delete_group(TOPIC, "python").unwrap());
    assert!(!transport.delete_group(TOPIC, "python").unwrap());
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
        ..Retention::default()
    };
    transport.trim(TOPIC, retention).unwrap();
    assert_eq!(transport.topics().unwrap()[0].entries, 1);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn entries_that_were_removed_unread_are_counted() {
    let server = RedisServer::start();
    let mut client = server.client();
    let transport = joined(&server);
    let mut trim = |kept: u8| {
        let mut trim = cmd("XTRIM");
        trim.arg(TOPIC).arg("MAXLEN").arg(kept);
        trim.exec(&mut client).unwrap();
    };
    let stands = || {
        let status = transport.status(TOPIC).unwrap().unwrap();
        let group = status.groups.into_iter().find(|group| group.group == "g");
        let group = group.unwrap();
        (group.lost, group.unread)
    };
    // Before the group has read anything, while nobody runs.
    publish(&transport, 0..20);
    assert_eq!(stands(), (0, Some(20)));
    trim(15);
    assert_eq!(stands(), (5, Some(15)));
    let leader = lead(&transport, "c");
    let entries = receive_as(&transport, leader, 10);
    assert_eq!(numbers(&entries), (5..15).collect::<Vec<u8>>());
    assert_eq!(stands(), (5, Some(5)), "it is known after the gap as well");
    // A group that joins now has lost nothing, wherever it begins.
    transport.join(TOPIC, "late", Start::Beginning).unwrap();
    transport.join(TOPIC, "now", Start::Now).unwrap();
    let lost = || -> u64 {
        let status = transport.status(TOPIC).unwrap().unwrap();
        let others = status.groups.iter().filter(|group| group.group != "g");
        others.map(|group| group.lost).sum()
    };
    assert_eq!(lost(), 0);
    // Again, while the leader is at work: it finds it when it looks the next time.
    trim(2);
    assert_eq!(stands(), (8, Some(2)));
    publish(&transport, 20..30);
    trim(4);
    assert_eq!(stands(), (16, Some(4)));
    thread::sleep(Duration::from_millis(1100));
    assert_eq!(
        numbers(&receive_as(&transport, leader, 100)),
        [26, 27, 28, 29]
    );
    assert_eq!(stands(), (16, Some(0)));
    // What was finished and trimmed is not lost.
    finish(&transport, "c", &entries);
    trim(0);
    publish(&transport, 30..35);
    assert_eq!(stands(), (16, Some(5)));
    thread::sleep(Duration::from_millis(1100));
    assert_eq!(receive_as(&transport, leader, 100).len(), 5);
    assert_eq!(stands(), (16, Some(0)));
    // A gap that was passed over between two looks is found at the end.
    publish(&transport, 40..60);
    trim(10);
    assert_eq!(receive_as(&transport, leader, 100).len(), 10);
    thread::sleep(Duration::from_millis(1100));
    assert!(receive_as(&transport, leader, 100).is_empty());
    assert_eq!(stands(), (26, Some(0)));
    // So are the entries that groups lost that nobody reads for.
    assert!(lost() > 0);
    // A group that is made anew has lost nothing.
    transport.delete_group(TOPIC, "g").unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    assert_eq!(stands(), (0, Some(10)));
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn dead_letters_have_limits() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let dead = format!("events:{{{TOPIC}}}:dead");
    let now: (u64, u64) = cmd("TIME").query(&mut server.client()).unwrap();
    let now = now.0 * 1000 + now.1 / 1000;
    for age in [7_200_000_u64, 3_000_000, 60_000, 0] {
        let mut add = cmd("XADD");
        add.arg(&*dead).arg(format!("{}-1", now - age));
        add.arg("dead_group")
            .arg("g")
            .exec(&mut server.client())
            .unwrap();
    }
    let trim = |entries, age| {
        let limits = DeadLetterLimits { entries, age };
        transport.trim_dead_letters(TOPIC, limits).unwrap()
    };
    assert_eq!(trim(None, None), 0);
    assert_eq!(trim(Some(4), Some(Duration::from_hours(3))), 0);
    assert_eq!(trim(None, Some(Duration::from_hours(1))), 1);
    assert_eq!(trim(Some(1), Some(Duration::MAX)), 2);
    assert_eq!(transport.dead_letters(TOPIC, None, 10).unwrap().len(), 1);
    assert_eq!(trim(Some(0), None), 1);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn trimming_goes_on_from_call_to_call_and_stops_where_it_is_told() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let records: Vec<_> = (0..250).map(record).collect();
    for _ in 0..100 {
        transport.publish(TOPIC, &records).unwrap();
    }
    let mut retention = Retention {
        lose_unread_beyond: Some(20_000),
        ..Retention::default()
    };
    let trim = |retention| {
        let mut all = Trimmed::default();
        loop {
            let trimmed = transport.trim(TOPIC, retention).unwrap();
            all.entries += trimmed.entries;
            all.unread += trimmed.unread;
            if !trimmed.more {
                return (all.entries, all.unread);
            }
            assert!(trimmed.entries > 0, "it would never end");
        }
    };
    assert_eq!(trim(retention), (5000, 5000));
    let before = transport.read(TOPIC, Position::Oldest, 101).unwrap();
    retention.before = Some(before[100].id);
    retention.lose_unread_beyond = Some(10);
    assert_eq!(trim(retention), (100, 100), "what stays in any case stays");
    let oldest = transport.read(TOPIC, Position::Oldest, 1).unwrap();
    assert_eq!(oldest[0].id, before[100].id);
    transport.delete_group(TOPIC, "g").unwrap();
    retention.before = None;
    retention.lose_unread_beyond = None;
    retention.entries = 7;
    assert_eq!(trim(retention), (20_000 - 107, 0));
}
