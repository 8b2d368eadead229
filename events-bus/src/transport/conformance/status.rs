//! Status of topics and groups.

use std::time::Duration;

use super::setting::{
    GROUP, LEASE, Setting, TOPIC, done, eventually, member, member_of, numbers, parked, record,
    retry_id,
};
use super::{Check, promises};
use crate::transport::{GroupStatus, Limit, Member, Position, Retention, Start};

pub(super) const CHECKS: &[Check] = promises![
    state: "the status counts entries, unread and pending ones",
    oldest: "the status has the time of the oldest unfinished entry",
    after_trim: "the status is right after trimming, too",
    apart: "the statuses of topics and groups are apart from each other",
    state_parked: "the status counts requeued records and parked deliveries until they are settled",
    state_late: "the status of a group that joins a trimmed topic counts what is still there",
    state_leader: "the status names the leader until its lease ends",
];

fn state(it: &Setting<'_>) {
    assert!(
        it.transport
            .status("nobody-published-here")
            .expect("the status can be read")
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
    let oldest = it.read(Position::Oldest, 1)[0].published_at;
    let micros = |time: events_core::Timestamp| time.as_micros();
    let seen = group.oldest_unfinished.expect("something is unfinished");
    assert!(
        (micros(seen) - micros(oldest)).abs() <= 1_000,
        "to the millisecond"
    );
    let topics = it.transport.topics().expect("the status can be read");
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
        lose_unread_beyond: Some(3),
        ..Retention::default()
    };
    it.trim(lossy);
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
        .publish(OTHER, &[record(1)])
        .expect("publishing succeeds");
    transport
        .requeue(TOPIC, "second", &[record(9)])
        .expect("requeueing succeeds");
    let lead = transport.lead(member_of("second", "two"), LEASE);
    lead.expect("leading succeeds");
    it.receive("one", 3);
    let topics = transport.topics().expect("the status can be read");
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
        Member {
            topic: OTHER,
            ..member("one")
        },
        Limit::entries(10),
        Duration::ZERO,
    );
    assert_eq!(given.expect("receiving succeeds").len(), 1);
}

fn state_parked(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    it.requeue([7, 8]);
    let state = || {
        let group = it.group();
        (group.pending, group.requeued, group.parked)
    };
    assert_eq!(state(), (0, 2, 0));
    let given = it.receive("one", 4);
    assert_eq!(state(), (2, 2, 0), "handed out is not settled");
    it.settle(&[parked(&given[0], &["a"]), parked(&given[2], &["a", "b"])]);
    assert_eq!(state(), (1, 1, 3));
    assert_eq!(it.group().lag(), Some(2));
    it.finish("one", &given);
    assert_eq!(state(), (0, 0, 3));
    let retry = retry_id(given[0].id, "a");
    let retried = it.claim_retries("one", &[retry], Duration::ZERO);
    assert_eq!(state(), (0, 0, 3), "handed out is not settled");
    it.settle(&[done(&retried[0]).of_retry("a".into())]);
    assert_eq!(state(), (0, 0, 2));
    assert_eq!(it.group().lost, 0, "nobody else removed anything");
}

fn state_late(it: &Setting<'_>) {
    it.publish(0..3);
    assert_eq!(it.trim(Retention::default()).entries, 3);
    it.join(GROUP);
    let unread = || it.group().unread;
    assert_eq!(unread(), Some(0));
    it.publish([3, 4]);
    assert_eq!(unread(), Some(2));
    it.join("later");
    assert_eq!(it.group_of("later").unread, Some(2));
    assert_eq!(numbers(&it.receive("one", 10)), [3, 4]);
    assert_eq!(unread(), Some(0));
}

fn state_leader(it: &Setting<'_>) {
    it.join(GROUP);
    assert_eq!(it.group().leader, None);
    let leader = member("one").under(it.lead("one", LEASE));
    assert_eq!(it.group().leader.as_deref(), Some("one"));
    let renewed = it.transport.renew(leader, Duration::from_millis(20), &[]);
    renewed.expect("renewing succeeds");
    eventually("the status names no leader after the lease", || {
        it.group().leader.is_none()
    });
}
