//! Publishing: order, numbers, callers at the same time.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Check, GROUP, MOMENT, Setting, TOPIC, member, number, numbers, record};
use crate::transport::{EntryId, Position, Sequence, Start, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "records are read in the order in which they were published",
        check: order,
    },
    Check {
        name: "the ids of entries ascend, and are what publishing said",
        check: ids,
    },
    Check {
        name: "each publisher keeps its order among others",
        check: together,
    },
    Check {
        name: "what is published under a number is published once",
        check: sequence,
    },
    Check {
        name: "the numbers of one outbox and one topic say nothing of others",
        check: other_sequences,
    },
    Check {
        name: "a consumer that waits is woken by what is published",
        check: wakes,
    },
    Check {
        name: "a wait of zero does not wait, and an empty answer is no error",
        check: zero,
    },
    Check {
        name: "reading begins where it is told to",
        check: positions,
    },
    Check {
        name: "topics are apart from each other",
        check: topics,
    },
    Check {
        name: "publishing nothing is no error",
        check: nothing,
    },
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

fn positions(it: &Setting<'_>) {
    let ids = it.publish(0..3);
    let read = |from, most| {
        let entries = it.transport.read(TOPIC, from, most);
        numbers(&entries.expect("reading succeeds"))
    };
    assert_eq!(read(Position::Oldest, 2), [0, 1]);
    assert_eq!(read(Position::At(ids[1]), 10), [1, 2]);
    assert_eq!(read(Position::Behind(ids[1]), 10), [2]);
    assert!(read(Position::Behind(ids[2]), 10).is_empty());
    let entries = it.transport.read(TOPIC, Position::Oldest, 10);
    let entries = entries.expect("reading succeeds");
    let first = entries[0].published_at;
    assert_eq!(read(Position::Time(first), 1), [0], "by time");
    let later =
        events_core::Timestamp::from_micros(entries[2].published_at.as_micros() + 3_600_000_000);
    let later = later.expect("a time of this century");
    assert!(read(Position::Time(later), 10).is_empty());
    let nobody = it
        .transport
        .read("nobody-published-here", Position::Oldest, 10);
    assert!(nobody.expect("an unknown topic is empty").is_empty());
}

fn topics(it: &Setting<'_>) {
    let other = "une-autre.Καλημέρα";
    it.transport
        .publish(other, &[record(7)], None)
        .expect("publishing succeeds");
    it.publish([1]);
    it.join(GROUP);
    assert_eq!(numbers(&it.receive("one", 10)), [1]);
    let entries = it.transport.read(other, Position::Oldest, 10);
    assert_eq!(
        entries
            .expect("reading succeeds")
            .iter()
            .map(number)
            .collect::<Vec<_>>(),
        [7]
    );
    let names: Vec<_> = it
        .transport
        .topics()
        .expect("the state can be read")
        .into_iter()
        .map(|topic| topic.topic)
        .collect();
    for name in [TOPIC, other] {
        assert!(names.contains(&name.to_owned()), "{name} is listed");
    }
}

fn nothing(it: &Setting<'_>) {
    it.transport
        .join(TOPIC, GROUP, Start::Beginning)
        .expect("joining succeeds");
    let ids = it.transport.publish(TOPIC, &[], None);
    assert!(ids.expect("publishing nothing succeeds").is_empty());
    assert_eq!(it.receive("one", 10).len(), 0);
}
