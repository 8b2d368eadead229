//! Groups: who gets what.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Check, GROUP, MOMENT, Setting, TOPIC, member, numbers, promises, record};
use crate::transport::{Member, Settlement, Start, TransportErrorKind};

pub(super) const CHECKS: &[Check] = promises![
    starts: "a group begins at the beginning, or with what comes next, and is not moved by joining again",
    shares: "each group gets everything, and each consumer of a group its part",
    resumes: "a group goes on where it stopped, also from another process",
    disjoint: "consumers at the same time get different entries",
    unicode: "groups and consumers have names of any script",
    none_asked: "who asks for no entries gets none, and loses none",
    forgets: "a group that is forgotten is new when it joins",
    no_group: "nothing is requeued for a group that is not there",
];

fn starts(it: &Setting<'_>) {
    it.publish(0..2);
    it.join(GROUP);
    it.transport
        .join(TOPIC, "late", Start::Now)
        .expect("joining succeeds");
    it.publish(2..4);
    it.transport
        .join(TOPIC, GROUP, Start::Now)
        .expect("joining again succeeds");
    it.transport
        .join(TOPIC, "late", Start::Beginning)
        .expect("joining again succeeds");
    assert_eq!(numbers(&it.receive("one", 10)), [0, 1, 2, 3]);
    assert_eq!(numbers(&it.receive_in("late", "one", 10)), [2, 3]);
    // Before anything is published at all.
    it.transport
        .join("empty", GROUP, Start::Now)
        .expect("joining an empty topic succeeds");
}

fn shares(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish(0..5);
    assert_eq!(numbers(&it.receive("one", 2)), [0, 1]);
    assert_eq!(numbers(&it.receive("two", 10)), [2, 3, 4]);
    assert_eq!(it.receive("one", 10).len(), 0);
    assert_eq!(numbers(&it.receive_in("other", "one", 10)), [0, 1, 2, 3, 4]);
}

fn resumes(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..4);
    let first = it.receive("one", 2);
    it.finish("one", &first);
    let other = it.other();
    let rest = other.receive(member("two"), 10, MOMENT);
    assert_eq!(numbers(&rest.expect("receiving succeeds")), [2, 3]);
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
                        .receive(member(consumer), 7, MOMENT)
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
    let member = Member {
        topic: "thème.événements-\u{1f4ec}",
        group: "gruppe-Δ'\"%_;--",
        consumer: "потребитель:1/ä",
    };
    let transport = &*it.transport;
    transport
        .join(member.topic, member.group, Start::Beginning)
        .expect("joining succeeds");
    transport
        .publish(member.topic, &[record(1), record(2)], None)
        .expect("publishing succeeds");
    let lead = transport.lead(member, super::LEASE);
    lead.expect("leading succeeds");
    let given = transport.receive(member, 10, MOMENT);
    let given = given.expect("receiving succeeds");
    assert_eq!(numbers(&given), [1, 2]);
    let settlement = Settlement::finished(given[0].id, None, Arc::default());
    transport
        .settle(member, &[settlement], true)
        .expect("settling succeeds");
    let pending = transport.take_over(member, None, Duration::ZERO, 10);
    assert_eq!(numbers(&pending.expect("taking over succeeds")), [2]);
    let status = transport.status(member.topic);
    let status = status.expect("the state can be read").expect("it is there");
    assert_eq!(status.topic, member.topic);
    assert_eq!(status.groups[0].group, member.group);
    assert_eq!(status.groups[0].leader.as_deref(), Some(member.consumer));
}

fn none_asked(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    assert_eq!(it.receive("one", 0).len(), 0);
    assert_eq!(it.group().pending, 0, "nothing was handed out");
    assert_eq!(numbers(&it.receive("one", 2)), [0, 1]);
    let none = it
        .transport
        .take_over(member("two"), None, Duration::ZERO, 0);
    assert_eq!(none.expect("taking over succeeds").len(), 0);
    assert_eq!(numbers(&it.receive("one", 10)), [2]);
}

fn forgets(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    it.receive("one", 1);
    let forget = |group: &str| {
        it.transport
            .forget(TOPIC, group)
            .expect("forgetting succeeds")
    };
    assert!(forget(GROUP));
    assert!(!forget(GROUP), "it is gone");
    assert!(it.status().groups.is_empty());
    it.join(GROUP);
    assert_eq!(it.take_over("one", Duration::ZERO).len(), 0);
    assert_eq!(numbers(&it.receive("one", 10)), [0, 1]);
}

fn no_group(it: &Setting<'_>) {
    it.publish([1]);
    let refused = it.transport.requeue(TOPIC, GROUP, &[record(1)]);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(TransportErrorKind::Refused)
    );
}
