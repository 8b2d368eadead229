//! Groups and their consumers share a topic.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::setting::{
    GROUP, LEASE, MOMENT, Setting, TOPIC, claim_all, done, member, numbers, parked, record,
};
use super::{Check, promises};
use crate::transport::{Limit, Member, Start, TransportErrorKind};

pub(super) const CHECKS: &[Check] = promises![
    starts: "a group begins where it is told to, and joining again does not move it",
    shares: "each group gets every entry, and each consumer of a group gets its part",
    resumes: "a group continues where it stopped, also in another process",
    disjoint: "consumers at the same time get different entries",
    unicode: "groups and consumers have names in any script",
    none_asked: "a limit of zero hands out nothing and loses nothing",
    deleted: "a deleted group loses everything, and is new when it joins again",
    no_group: "a call for a group that does not exist is refused",
];

fn starts(it: &Setting<'_>) {
    it.publish(0..2);
    it.join(GROUP);
    let join = |topic, group, start| {
        let joined = it.transport.join(topic, group, start);
        joined.expect("joining succeeds");
    };
    join(TOPIC, "late", Start::Now);
    it.publish(2..4);
    join(TOPIC, GROUP, Start::Now);
    join(TOPIC, "late", Start::Beginning);
    assert_eq!(numbers(&it.receive("one", 10)), [0, 1, 2, 3]);
    let late = super::setting::member_of("late", "one");
    assert_eq!(numbers(&it.receive_as(late, 10)), [2, 3]);
    // Before anything is published at all.
    join("empty", GROUP, Start::Now);
}

fn shares(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish(0..5);
    assert_eq!(numbers(&it.receive("one", 2)), [0, 1]);
    assert_eq!(numbers(&it.receive("two", 10)), [2, 3, 4]);
    assert_eq!(it.receive("one", 10).len(), 0);
    let other = super::setting::member_of("other", "one");
    assert_eq!(numbers(&it.receive_as(other, 10)), [0, 1, 2, 3, 4]);
}

fn resumes(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..4);
    let first = it.receive("one", 2);
    it.finish("one", &first);
    let other = it.other();
    let rest = other.receive(member("two"), Limit::entries(1), MOMENT);
    assert_eq!(numbers(&rest.expect("receiving succeeds")), [2]);
    assert_eq!(numbers(&it.receive("one", 10)), [3]);
}

fn disjoint(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..300);
    let handles: Vec<_> = ["one", "two", "three"]
        .into_iter()
        .enumerate()
        .map(|(index, consumer)| {
            let transport = if index == 0 {
                Arc::clone(&it.transport)
            } else {
                it.other()
            };
            thread::spawn(move || {
                let mut all = Vec::new();
                loop {
                    let entries = transport
                        .receive(member(consumer), Limit::entries(7), MOMENT)
                        .expect("receiving succeeds");
                    if entries.is_empty() {
                        return all;
                    }
                    all.extend(numbers(&entries));
                }
            })
        })
        .collect();
    let mut all: Vec<u64> = handles
        .into_iter()
        .flat_map(|handle| handle.join().expect("the consumer does not panic"))
        .collect();
    all.sort_unstable();
    assert_eq!(all, (0..300).collect::<Vec<_>>(), "each exactly once");
}

fn unicode(it: &Setting<'_>) {
    let member = Member::new(
        "thème.événements-\u{1f4ec}",
        "gruppe-Δ'\"%_;--",
        "потребитель:1/ä",
    );
    let transport = &*it.transport;
    transport
        .join(member.topic, member.group, Start::Beginning)
        .expect("joining succeeds");
    transport
        .publish(member.topic, &[record(1), record(2), record(3)])
        .expect("publishing succeeds");
    let leadership = transport.lead(member, LEASE).expect("leading succeeds");
    let leader = member.under(leadership.epoch().expect("nobody else leads"));
    let given = it.receive_as(leader, 10);
    assert_eq!(numbers(&given), [1, 2, 3]);
    let settled = transport.settle(leader, &[done(&given[0]), parked(&given[1], &["r:1/ä"])]);
    settled.expect("settling succeeds");
    let pending = transport.claim(leader, claim_all(Duration::ZERO));
    let pending = pending.expect("claiming succeeds").entries;
    assert_eq!(numbers(&pending), [3]);
    let retries = transport.retries(leader).expect("the queue can be read");
    assert_eq!(&*retries[0].1.receiver, "r:1/ä");
    let status = transport.status(member.topic);
    let status = status.expect("the status can be read").expect("it exists");
    assert_eq!(status.topic, member.topic);
    assert_eq!(status.groups[0].group, member.group);
    assert_eq!(status.groups[0].leader.as_deref(), Some(member.consumer));
}

fn none_asked(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    it.requeue([7]);
    let none = it
        .transport
        .receive(member("one"), Limit::entries(0), Duration::ZERO);
    assert_eq!(none.expect("receiving succeeds").len(), 0);
    assert_eq!(it.group().pending, 0, "nothing was handed out");
    assert_eq!(numbers(&it.receive("one", 10)), [7, 0, 1, 2]);
}

fn deleted(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish(0..3);
    it.requeue([7, 8]);
    let given = it.receive("one", 3);
    it.settle(&[parked(&given[0], &["a"])]);
    it.lead("one", LEASE);
    let delete = |group: &str| {
        let deleted = it.transport.delete_group(TOPIC, group);
        deleted.expect("deleting succeeds")
    };
    assert!(delete(GROUP));
    assert!(!delete(GROUP), "it is gone");
    let names: Vec<_> = it.status().groups.into_iter().map(|it| it.group).collect();
    assert_eq!(names, ["other"]);
    it.join(GROUP);
    let group = it.group();
    assert_eq!(
        (group.unread, group.pending, group.requeued, group.parked),
        (Some(3), 0, 0, 0)
    );
    assert_eq!(group.leader, None);
    assert_eq!(it.claim("one", Duration::ZERO).len(), 0);
    assert_eq!(it.retries(), []);
    assert_eq!(numbers(&it.receive("one", 10)), [0, 1, 2]);
}

fn no_group(it: &Setting<'_>) {
    it.publish([1]);
    let refused = it.transport.requeue(TOPIC, GROUP, &[record(1)]);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(TransportErrorKind::Refused)
    );
    assert!(it.status().groups.is_empty(), "nothing created the group");
}
