//! Publishing: order, numbers, callers at the same time.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Check, GROUP, MOMENT, Setting, TOPIC, member, numbers, promises, record};
use crate::transport::{EntryId, Position, Sequence, Start, Transport};

pub(super) const CHECKS: &[Check] = promises![
    order: "records are read in the order in which they were published",
    ids: "the ids of entries ascend, and are what publishing said",
    in_bulk: "many records are published at once",
    together: "each publisher keeps its order among others",
    sequence: "what is published under a number is published once",
    other_sequences: "the numbers of one outbox and one topic say nothing of others",
    wakes: "a consumer that waits is woken by what is published",
    zero: "a wait of zero does not wait, and an empty answer is no error",
    nothing: "publishing nothing is no error",
];

fn order(it: &Setting<'_>) {
    it.publish(0..3);
    it.publish([3]);
    it.publish(4..1000);
    let read = it.transport.read(TOPIC, Position::Oldest, 10_000);
    assert_eq!(
        numbers(&read.expect("reading succeeds")),
        (0..1000).collect::<Vec<_>>()
    );
}

fn ids(it: &Setting<'_>) {
    let published = it.publish(0..50);
    assert!(published.is_sorted_by(|a, b| a < b), "ids ascend");
    let read = it.transport.read(TOPIC, Position::Oldest, 100);
    let read: Vec<EntryId> = read
        .expect("reading succeeds")
        .iter()
        .map(|entry| entry.id)
        .collect();
    assert_eq!(read, published);
    for id in published {
        assert_eq!(id.to_string().parse(), Ok(id), "an id survives as text");
    }
}

fn in_bulk(it: &Setting<'_>) {
    const MANY: u64 = 5_000;
    it.join(GROUP);
    it.publish(0..MANY);
    assert_eq!(it.status().entries, MANY);
    let given = it.receive("one", 5_000);
    assert_eq!(numbers(&given), (0..MANY).collect::<Vec<_>>());
    it.finish("one", &given);
    assert_eq!(it.group().pending, 0);
}

fn together(it: &Setting<'_>) {
    const EACH: u64 = 200;
    let handles: Vec<_> = (0..4)
        .map(|publisher: u64| {
            let transport = if publisher.is_multiple_of(2) {
                Arc::clone(&it.transport)
            } else {
                it.other()
            };
            thread::spawn(move || {
                for index in 0..EACH {
                    let one = [record(publisher * EACH + index)];
                    transport
                        .publish(TOPIC, &one, None)
                        .expect("publishing succeeds");
                }
            })
        })
        .collect();
    for handle in handles {
        handle.join().expect("the publisher does not panic");
    }
    let read = it.transport.read(TOPIC, Position::Oldest, 10_000);
    let read = numbers(&read.expect("reading succeeds"));
    assert_eq!(read.len() as u64, 4 * EACH, "nothing is lost");
    for publisher in 0..4 {
        let own: Vec<_> = read
            .iter()
            .filter(|number| **number / EACH == publisher)
            .collect();
        assert!(own.is_sorted(), "publisher {publisher} keeps its order");
    }
}

fn publish_numbered(
    transport: &dyn Transport,
    topic: &str,
    outbox: &str,
    numbers: &[u64],
) -> Vec<bool> {
    let records: Vec<_> = numbers.iter().map(|number| record(*number)).collect();
    let sequence = Sequence { outbox, numbers };
    let ids = transport.publish(topic, &records, Some(sequence));
    ids.expect("publishing succeeds")
        .iter()
        .map(Option::is_some)
        .collect()
}

fn sequence(it: &Setting<'_>) {
    let publish = |numbers: &[u64]| publish_numbered(&*it.transport, TOPIC, "outbox", numbers);
    assert_eq!(publish(&[1, 2, 5]), [true, true, true]);
    assert_eq!(publish(&[1, 2, 5]), [false, false, false], "as a whole");
    assert_eq!(
        publish(&[2, 5, 6, 9]),
        [false, false, true, true],
        "in part"
    );
    // Another process goes on with the same outbox.
    let other = it.other();
    assert_eq!(
        publish_numbered(&*other, TOPIC, "outbox", &[6, 9, 10]),
        [false, false, true]
    );
    let read = it.transport.read(TOPIC, Position::Oldest, 100);
    assert_eq!(
        numbers(&read.expect("reading succeeds")),
        [1, 2, 5, 6, 9, 10]
    );
}

fn other_sequences(it: &Setting<'_>) {
    let transport = &*it.transport;
    assert_eq!(publish_numbered(transport, TOPIC, "a", &[7]), [true]);
    assert_eq!(publish_numbered(transport, TOPIC, "b", &[7]), [true]);
    assert_eq!(publish_numbered(transport, "another", "a", &[7]), [true]);
}

fn wakes(it: &Setting<'_>) {
    it.join(GROUP);
    for other in [Arc::clone(&it.transport), it.other()] {
        thread::scope(|scope| {
            let transport = Arc::clone(&it.transport);
            let waiting = scope.spawn(move || {
                transport
                    .receive(member("one"), 10, Duration::from_secs(20))
                    .expect("receiving succeeds")
            });
            thread::sleep(MOMENT);
            let began = Instant::now();
            other
                .publish(TOPIC, &[record(1)], None)
                .expect("publishing succeeds");
            let entries = waiting.join().expect("the consumer does not panic");
            assert_eq!(numbers(&entries), [1]);
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "it does not wait to the end of its time"
            );
        });
    }
}

fn zero(it: &Setting<'_>) {
    it.join(GROUP);
    let began = Instant::now();
    let entries = it.transport.receive(member("one"), 10, Duration::ZERO);
    assert!(entries.expect("receiving succeeds").is_empty());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it does not block"
    );
}

fn nothing(it: &Setting<'_>) {
    it.transport
        .join(TOPIC, GROUP, Start::Beginning)
        .expect("joining succeeds");
    let ids = it.transport.publish(TOPIC, &[], None);
    assert!(ids.expect("publishing nothing succeeds").is_empty());
    assert_eq!(it.receive("one", 10).len(), 0);
}
