//! What the state says.

use std::time::Duration;

use super::{Check, GROUP, LEASE, Setting, TOPIC, member, member_of, numbers, promises, record};
use crate::transport::{GroupStatus, Position, Retention, Start};

pub(super) const CHECKS: &[Check] = promises![
    state: "the state says what is there, unread and pending",
    oldest: "the state says since when the oldest unfinished entry waits",
    after_trim: "the state is right after trimming, too",
    apart: "the states of topics and groups are apart from each other",
];

fn state(it: &Setting<'_>) {
    assert!(
        it.transport
            .status("nobody-published-here")
            .expect("the state can be read")
            .is_none()
    );
    let ids = it.publish(0..5);
    it.join(GROUP);
    it.receive("one", 2);
    let status = it.status();
    assert_eq!(status.topic, TOPIC);
    assert_eq!(status.entries, 5);
    assert_eq!((status.oldest, status.newest), (Some(ids[0]), Some(ids[4])));
    assert_eq!(status.dead_letters, 0);
    let group = it.group();
    assert_eq!(
        (group.unread, group.pending, group.requeued),
        (Some(3), 2, 0)
    );
    assert_eq!(group.lag(), Some(5));
    let entries = it.transport.read(TOPIC, Position::Oldest, 1);
    let oldest = entries.expect("reading succeeds")[0].published_at;
    let micros = |time: events_core::Timestamp| time.as_micros();
    let seen = group.oldest_unfinished.expect("something is unfinished");
    assert!(
        (micros(seen) - micros(oldest)).abs() <= 1_000,
        "to the millisecond"
    );
    let topics = it.transport.topics().expect("the state can be read");
    let same = topics.iter().find(|topic| topic.topic == TOPIC);
    assert_eq!(same.map(|topic| topic.entries), Some(5));
}

fn oldest(it: &Setting<'_>) {
    it.join(GROUP);
    assert_eq!(it.group().oldest_unfinished, None);
    it.publish([0]);
    std::thread::sleep(Duration::from_millis(20));
    it.publish([1]);
    let first = it.group().oldest_unfinished.expect("one is unread");
    let given = it.receive("one", 10);
    assert_eq!(it.group().oldest_unfinished, Some(first), "one is pending");
    it.finish("one", &given[..1]);
    let second = it.group().oldest_unfinished.expect("one is pending");
    assert!(second > first, "the first is finished");
    it.finish("one", &given[1..]);
    assert_eq!(it.group().oldest_unfinished, None);
}

fn after_trim(it: &Setting<'_>) {
    it.join(GROUP);
    let ids = it.publish(0..6);
    it.receive("one", 2);
    let lossy = Retention {
        entries: 0,
        age: Duration::ZERO,
        lose_unread_beyond: Some(3),
    };
    it.transport.trim(TOPIC, lossy).expect("trimming succeeds");
    let status = it.status();
    assert_eq!(status.entries, 3);
    assert_eq!((status.oldest, status.newest), (Some(ids[3]), Some(ids[5])));
    let group = it.group();
    assert_eq!((group.unread, group.pending), (Some(3), 0));
    assert_eq!(numbers(&it.receive("one", 10)), [3, 4, 5]);
    let group = it.group();
    assert_eq!((group.unread, group.pending), (Some(0), 3));
}

fn apart(it: &Setting<'_>) {
    const OTHER: &str = "another";
    let transport = &*it.transport;
    it.join(GROUP);
    it.join("second");
    transport
        .join(OTHER, GROUP, Start::Beginning)
        .expect("joining succeeds");
    it.publish(0..5);
    transport
        .publish(OTHER, &[record(1)], None)
        .expect("publishing succeeds");
    transport
        .requeue(TOPIC, "second", &[record(9)])
        .expect("requeueing succeeds");
    let lead = transport.lead(member_of("second", "two"), LEASE);
    lead.expect("leading succeeds");
    it.receive("one", 3);
    let topics = transport.topics().expect("the state can be read");
    let find = |name: &str| topics.iter().find(|status| status.topic == name);
    let (topic, other) = (find(TOPIC), find(OTHER));
    let numbers = |group: &GroupStatus| {
        (
            group.group.clone(),
            group.unread,
            group.pending,
            group.requeued,
            group.leader.clone(),
        )
    };
    let topic = topic.expect("the topic is listed");
    assert_eq!(topic.entries, 5);
    assert_eq!(
        topic.groups.iter().map(numbers).collect::<Vec<_>>(),
        [
            (GROUP.to_owned(), Some(2), 3, 0, None),
            ("second".to_owned(), Some(5), 0, 1, Some("two".to_owned())),
        ]
    );
    let other = other.expect("the other topic is listed");
    assert_eq!(other.entries, 1);
    assert_eq!(
        other.groups.iter().map(numbers).collect::<Vec<_>>(),
        [(GROUP.to_owned(), Some(1), 0, 0, None)]
    );
    assert!(
        topics.is_sorted_by(|a, b| a.topic < b.topic),
        "topics are listed by name"
    );
    let given = transport.receive(
        crate::transport::Member {
            topic: OTHER,
            ..member("one")
        },
        10,
        Duration::ZERO,
    );
    assert_eq!(given.expect("receiving succeeds").len(), 1);
}
