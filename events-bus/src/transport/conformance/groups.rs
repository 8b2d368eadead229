//! Groups: who gets what, who leads, what is pending.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{
    Check, GROUP, LEASE, MOMENT, Setting, TOPIC, eventually, member, member_of, numbers, record,
};
use crate::transport::{Standing, Start, TransportErrorKind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a group begins at the beginning, or with what comes next, and is not moved by joining again",
        check: starts,
    },
    Check {
        name: "each group gets everything, and each consumer of a group its part",
        check: shares,
    },
    Check {
        name: "a group goes on where it stopped, also from another process",
        check: resumes,
    },
    Check {
        name: "what is pending is taken over in its order, page by page",
        check: pages,
    },
    Check {
        name: "what another consumer works on is left alone until it is idle",
        check: idle,
    },
    Check {
        name: "extending keeps entries with their consumer",
        check: extends,
    },
    Check {
        name: "what is requeued comes first, for its group alone",
        check: requeued,
    },
    Check {
        name: "one consumer leads, and another when it leaves",
        check: leads,
    },
    Check {
        name: "a lease ends",
        check: lease_ends,
    },
    Check {
        name: "nothing is requeued for a group that is not there",
        check: no_group,
    },
    Check {
        name: "a group that is forgotten is new when it joins",
        check: forgets,
    },
    Check {
        name: "consumers at the same time get different entries",
        check: disjoint,
    },
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

fn pages(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..10);
    let given = it.receive("one", 10);
    assert!(given.iter().all(|entry| entry.deliveries == 1));
    it.finish("one", &given[3..4]);
    let mut behind = None;
    let mut seen = Vec::new();
    loop {
        let page = it
            .transport
            .take_over(member("two"), behind, Duration::ZERO, 4);
        let page = page.expect("taking over succeeds");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 4, "no more than asked for");
        assert!(page.iter().all(|entry| entry.deliveries == 2));
        behind = Some(last.id);
        seen.extend(numbers(&page));
    }
    assert_eq!(seen, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
    assert_eq!(it.receive("one", 10).len(), 0, "nothing is new");
}

fn idle(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    it.receive("one", 10);
    assert_eq!(it.take_over("two", LEASE).len(), 0, "one works on them");
    assert_eq!(
        numbers(&it.take_over("one", LEASE)),
        [0, 1],
        "one's own are given back, idle or not"
    );
    thread::sleep(MOMENT);
    assert_eq!(numbers(&it.take_over("two", MOMENT)), [0, 1]);
}

fn extends(it: &Setting<'_>) {
    let long = Duration::from_secs(1);
    it.join(GROUP);
    it.publish(0..2);
    let given = it.receive("one", 10);
    thread::sleep(long);
    it.transport
        .extend(member("one"), &[given[0].id])
        .expect("extending succeeds");
    // What is another's is not taken by saying so.
    it.transport
        .extend(member("two"), &[given[1].id])
        .expect("extending succeeds");
    assert_eq!(numbers(&it.take_over("two", long)), [1]);
}

fn requeued(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish(0..2);
    it.transport
        .requeue(TOPIC, GROUP, &[record(7), record(8)])
        .expect("requeueing succeeds");
    assert_eq!(it.group().again, 2);
    let given = it.receive("one", 10);
    assert_eq!(numbers(&given), [7, 8, 0, 1], "first what was requeued");
    assert_eq!(numbers(&it.receive_in("other", "one", 10)), [0, 1]);
    let ids: BTreeSet<_> = given.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), 4, "ids are told apart");
    assert_eq!(given[0].id.queue(), crate::transport::Queue::Again);
    assert_eq!(numbers(&it.take_over("two", Duration::ZERO)), [7, 8, 0, 1]);
    it.finish("two", &given[..1]);
    assert_eq!(it.group().again, 1);
    assert_eq!(numbers(&it.take_over("two", Duration::ZERO)), [8, 0, 1]);
}

fn leads(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    let other = it.other();
    let lead = |consumer: &str| it.transport.lead(member(consumer), LEASE).ok();
    assert_eq!(lead("one"), Some(Standing::Active));
    assert_eq!(
        other.lead(member("two"), LEASE).ok(),
        Some(Standing::Standby)
    );
    assert_eq!(lead("one"), Some(Standing::Active), "it stays");
    assert_eq!(it.group().leader.as_deref(), Some("one"));
    let elsewhere = it.transport.lead(member_of("other", "two"), LEASE);
    assert_eq!(elsewhere.ok(), Some(Standing::Active), "groups are apart");
    it.transport
        .leave(member("two"))
        .expect("leaving without leading is no error");
    assert_eq!(lead("two"), Some(Standing::Standby));
    it.publish([1]);
    it.receive("one", 10);
    it.transport.leave(member("one")).expect("leaving succeeds");
    assert_eq!(lead("two"), Some(Standing::Active));
    assert_eq!(
        numbers(&it.take_over("two", LEASE)),
        [1],
        "what was pending may be taken over at once"
    );
}

fn lease_ends(it: &Setting<'_>) {
    it.join(GROUP);
    let short = Duration::from_millis(300);
    let first = it.transport.lead(member("one"), short);
    assert_eq!(first.ok(), Some(Standing::Active));
    eventually("another consumer leads after the lease", || {
        let standing = it.transport.lead(member("two"), LEASE);
        standing.ok() == Some(Standing::Active)
    });
    let late = it.transport.lead(member("one"), LEASE);
    assert_eq!(late.ok(), Some(Standing::Standby));
}

fn no_group(it: &Setting<'_>) {
    it.publish([1]);
    let refused = it.transport.requeue(TOPIC, GROUP, &[record(1)]);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(TransportErrorKind::Refused)
    );
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
