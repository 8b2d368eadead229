//! Groups of consumers on Redis Streams: what is peculiar to this transport. What all of them promise is in `transport_redis.rs`.

#![cfg(feature = "redis")]

#[path = "support/redis_server.rs"]
mod redis_server;

use std::sync::Arc;
use std::time::Duration;

use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    DeadLetter, DeadReason, Entry, EntryId, Member, Position, Progress, ReceiverState, Retention,
    Sequence, Settlement, Standing, Start, Transport, TransportErrorKind,
};
use events_bus::{Again, Record};
use events_core::{EventMetadata, Timestamp};
use redis::{Connection, cmd};
use redis_server::RedisServer;

const TOPIC: &str = "stage-orders";

const fn member(consumer: &'static str) -> Member<'static> {
    Member {
        topic: TOPIC,
        group: "g",
        consumer,
    }
}

fn record(number: u8) -> Record {
    let metadata = EventMetadata::new("org.example.redis.groups.v1");
    Record::new(metadata, [number])
}

fn publish(transport: &RedisTransport, numbers: std::ops::Range<u8>) -> Vec<EntryId> {
    let records: Vec<_> = numbers.map(record).collect();
    let ids = transport.publish(TOPIC, &records, None).unwrap();
    ids.into_iter().map(Option::unwrap).collect()
}

fn receive(transport: &RedisTransport, consumer: &'static str, most: usize) -> Vec<Entry> {
    transport
        .receive(member(consumer), most, Duration::ZERO)
        .unwrap()
}

fn take_over(transport: &RedisTransport, consumer: &'static str, idle: Duration) -> Vec<Entry> {
    transport
        .take_over(member(consumer), None, idle, 100)
        .unwrap()
}

fn numbers(entries: &[Entry]) -> Vec<u8> {
    let numbers = entries
        .iter()
        .map(|entry| entry.record.as_ref().unwrap().body[0]);
    numbers.collect()
}

fn finish(transport: &RedisTransport, consumer: &'static str, entries: &[Entry]) {
    let settlements: Vec<_> = entries
        .iter()
        .map(|entry| {
            let event = entry
                .record
                .as_ref()
                .ok()
                .map(|record| record.metadata.id());
            Settlement::finished(entry.id, event, [Arc::from("shop.greet")].into())
        })
        .collect();
    transport
        .settle(member(consumer), &settlements, false)
        .unwrap();
}

fn joined(server: &RedisServer) -> RedisTransport {
    let transport = server.transport();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    transport
}

/// A group and a read as the Python package does them.
fn read_as_python(client: &mut Connection, group: &str, count: usize) -> redis::Value {
    let _ = cmd("XGROUP")
        .arg(&["CREATE", TOPIC, group, "0-0", "MKSTREAM"])
        .query::<()>(client);
    cmd("XREADGROUP")
        .arg(&["GROUP", group, "python"])
        .arg("COUNT")
        .arg(count)
        .arg(&["STREAMS", TOPIC, ">"])
        .query(client)
        .unwrap()
}

const HOUR: Duration = Duration::from_hours(1);

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
fn more_than_was_asked_for_is_never_handed_out_and_never_lost() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..4);
    let again: Vec<_> = (100..103)
        .map(|number| record(number).once_more(Again::new("replay", "1-0")))
        .collect();
    transport.requeue(TOPIC, "g", &again).unwrap();
    let first = receive(&transport, "c", 4);
    assert_eq!(numbers(&first), [100, 101, 102, 0]);
    assert_eq!(numbers(&receive(&transport, "c", 2)), [1, 2]);
    // The rest waits for the consumer, and is pending: it is handed out once, this way or the other.
    assert_eq!(
        numbers(&take_over(&transport, "c", HOUR)),
        [100, 101, 102, 0, 1, 2, 3]
    );
    assert!(receive(&transport, "c", 4).is_empty());
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
    transport.leave(member("one")).unwrap();
    let all = take_over(&transport, "two", HOUR);
    assert_eq!(numbers(&all), [0, 1, 2, 3]);
    // A consumer cannot hold on to what is no longer its own.
    transport.extend(member("one"), &[all[0].id]).unwrap();
    assert!(take_over(&transport, "one", HOUR).is_empty());
    assert_eq!(
        numbers(&take_over(&transport, "one", Duration::ZERO)),
        [0, 1, 2, 3]
    );
    let behind = transport
        .take_over(member("one"), Some(all[1].id), HOUR, 1)
        .unwrap();
    assert_eq!(numbers(&behind), [2]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn one_consumer_leads() {
    let server = RedisServer::start();
    let transport = joined(&server);
    publish(&transport, 0..2);
    let lease = Duration::from_hours(2);
    assert_eq!(
        transport.lead(member("one"), lease).unwrap(),
        Standing::Active
    );
    assert_eq!(
        transport.lead(member("two"), lease).unwrap(),
        Standing::Standby
    );
    assert_eq!(
        transport.lead(member("one"), lease).unwrap(),
        Standing::Active
    );
    let entries = receive(&transport, "one", 10);
    let settlements = [Settlement::finished(entries[0].id, None, Arc::default())];
    let error = transport
        .settle(member("two"), &settlements, true)
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::LostLease);
    let status = &transport.topics().unwrap()[0].groups[0];
    assert_eq!((status.pending, status.leader.as_deref()), (2, Some("one")));
    transport.settle(member("one"), &settlements, true).unwrap();
    transport.leave(member("one")).unwrap();
    assert_eq!(
        transport.lead(member("two"), lease).unwrap(),
        Standing::Active
    );
    assert_eq!(numbers(&take_over(&transport, "two", HOUR)), [1]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn receivers_that_handled_an_event_are_remembered() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let twice = record(7);
    let again = twice.clone().once_more(Again::new("retry", "1-0"));
    transport
        .publish(TOPIC, &[twice.clone(), twice.clone(), again], None)
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
    let more = Settlement::finished(
        rest[0].id,
        Some(twice.metadata.id()),
        [Arc::from("shop.audit")].into(),
    );
    transport.settle(member("c"), &[more], false).unwrap();
    transport.publish(TOPIC, &[twice], None).unwrap();
    let known = &receive(&transport, "c", 10)[0].handled_by;
    assert_eq!(
        known[..],
        [Arc::from("shop.audit"), Arc::from("shop.greet")]
    );

    let mut options = RedisOptions::default();
    options.duplicate_window = Duration::ZERO;
    let forgetful = RedisTransport::open(&server.url(), options).unwrap();
    let entries = take_over(&forgetful, "c", Duration::ZERO);
    assert!(entries.iter().all(|entry| entry.handled_by.is_empty()));
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn progress_and_dead_letters_are_kept_once() {
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
    let failed = Progress::new(
        "shop.audit".into(),
        ReceiverState::Failed {
            attempts: 2,
            next_attempt: at,
            error: "it rains".into(),
        },
    );
    let letter = |entry: &Entry, reason| {
        let record = entry.record.clone();
        DeadLetter::new("g".into(), reason, "no\nuse", entry.id, at, record)
    };
    let exhausted = letter(&entries[1], DeadReason::Exhausted).by_receiver("shop.mail".into(), 5);
    let unreadable = letter(&entries[2], DeadReason::Malformed);
    let settlements = [
        Settlement::waiting(
            entries[0].id,
            None,
            [Arc::from("shop.greet")].into(),
            vec![failed.clone()],
        ),
        Settlement::finished(entries[1].id, None, Arc::default())
            .with_dead(vec![exhausted.clone()]),
        Settlement::finished(entries[2].id, None, Arc::default())
            .with_dead(vec![unreadable.clone()]),
    ];
    // The answer to the first call may be lost: who repeats it must not bury anything twice.
    for _ in 0..2 {
        transport.settle(member("c"), &settlements, false).unwrap();
    }
    let letters = transport.dead_letters(TOPIC, None, 10).unwrap();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].1, exhausted);
    assert_eq!(letters[1].1, unreadable);
    let behind = transport
        .dead_letters(TOPIC, Some(letters[0].0), 10)
        .unwrap();
    assert_eq!(behind.len(), 1);

    let pending = take_over(&transport, "c", Duration::ZERO);
    assert_eq!(numbers(&pending), [0]);
    let handled = Progress::new("shop.greet".into(), ReceiverState::Handled);
    assert_eq!(pending[0].progress, [handled, failed]);
    finish(&transport, "c", &pending);
    let progress = format!("events:{{{TOPIC}}}:progress:g");
    assert_eq!(cmd("EXISTS").arg(progress).query::<u8>(&mut client), Ok(0));

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

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_sequence_is_published_once() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let records: Vec<_> = (0..4).map(record).collect();
    let sequence = |numbers| {
        Some(Sequence {
            outbox: "box",
            numbers,
        })
    };
    let first = transport
        .publish(TOPIC, &records[..2], sequence(&[1, 2]))
        .unwrap();
    assert!(first.iter().all(Option::is_some));
    let other = server.transport();
    let repeated = other
        .publish(TOPIC, &records, sequence(&[1, 2, 5, 6]))
        .unwrap();
    let published: Vec<_> = repeated.iter().map(Option::is_some).collect();
    assert_eq!(published, [false, false, true, true]);
    // What the first one knows is out of date. It learns that from the server.
    let late = transport
        .publish(TOPIC, &records[..3], sequence(&[5, 6, 7]))
        .unwrap();
    let published: Vec<_> = late.iter().map(Option::is_some).collect();
    assert_eq!(published, [false, false, true]);
    assert_eq!(numbers(&receive(&transport, "c", 10)), [0, 1, 2, 3, 2]);
}
