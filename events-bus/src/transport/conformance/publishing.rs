//! Publishing: order, ids, callers at the same time.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::setting::{GROUP, MOMENT, Setting, TOPIC, member, numbers, record};
use super::{Check, promises};
use crate::transport::{EntryId, Limit, Position, Start};

pub(super) const CHECKS: &[Check] = promises![
    order: "records are read in the order in which they were published",
    ids: "the ids of entries ascend, and publishing returns them",
    in_bulk: "one call publishes many records",
    together: "each publisher keeps its order among others",
    wakes: "a published record wakes a consumer that waits",
    zero: "a wait of zero does not block, and an empty answer is no error",
    nothing: "publishing nothing is no error",
];

fn order(it: &Setting<'_>) {
    it.publish(0..3);
    it.publish([3]);
    it.publish(4..1000);
    let read = it.read(Position::Oldest, 10_000);
    assert_eq!(numbers(&read), (0..1000).collect::<Vec<_>>());
}

fn ids(it: &Setting<'_>) {
    let published = it.publish(0..50);
    assert!(published.is_sorted_by(|a, b| a < b), "ids ascend");
    let read = it.read(Position::Oldest, 100);
    let read: Vec<EntryId> = read.iter().map(|entry| entry.id).collect();
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
                    let published = transport.publish(TOPIC, &one);
                    published.expect("publishing succeeds");
                }
            })
        })
        .collect();
    for handle in handles {
        handle.join().expect("the publisher does not panic");
    }
    let read = numbers(&it.read(Position::Oldest, 10_000));
    assert_eq!(read.len() as u64, 4 * EACH, "nothing is lost");
    for publisher in 0..4 {
        let own: Vec<_> = read
            .iter()
            .filter(|number| **number / EACH == publisher)
            .collect();
        assert!(own.is_sorted(), "publisher {publisher} keeps its order");
    }
}

fn wakes(it: &Setting<'_>) {
    it.join(GROUP);
    for other in [Arc::clone(&it.transport), it.other()] {
        thread::scope(|scope| {
            let transport = Arc::clone(&it.transport);
            let waiting = scope.spawn(move || {
                transport
                    .receive(member("one"), Limit::entries(10), Duration::from_secs(20))
                    .expect("receiving succeeds")
            });
            thread::sleep(MOMENT);
            let began = Instant::now();
            let published = other.publish(TOPIC, &[record(1)]);
            published.expect("publishing succeeds");
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
    let limit = Limit::entries(10);
    let entries = it.transport.receive(member("one"), limit, Duration::ZERO);
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
    assert!(it.publish([]).is_empty());
    assert_eq!(it.receive("one", 10).len(), 0);
}
