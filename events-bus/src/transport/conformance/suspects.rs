//! Counts of deliveries, suspects, trials.

use std::time::Duration;

use super::setting::{GROUP, LEASE, Setting, claim_all, done, member, number, numbers};
use super::{Check, promises};
use crate::transport::{Claim, Claimed, Entry, Member};

pub(super) const CHECKS: &[Check] = promises![
    counts: "each time that an entry is handed out counts as a delivery",
    release_uncounts: "a delivery that was released does not count",
    suspects: "a claim stops before a suspect and reports it",
    neighbors: "a claim after a suspect hands out its neighbors, and the suspect stays as it is",
    trials: "a trial claims a suspect alone and marks it",
    trial_of_first: "a trial claims no suspect but the first entry",
    marks_add_up: "trial marks add up over crashes",
    marks_go: "a trial mark goes when the entry is released or settled",
];

const MAX: u64 = 3;

fn claim(it: &Setting<'_>, member: Member<'_>, claim: Claim) -> Claimed {
    let claimed = it.transport.claim(member, claim);
    claimed.expect("claiming succeeds")
}

/// Returns a claim with this maximum of deliveries.
const fn careful(trial: bool) -> Claim {
    Claim {
        max_deliveries: MAX,
        trial,
        ..claim_all(Duration::ZERO)
    }
}

/// Takes the lead as a process that starts after a crash: nothing was released.
fn restart<'a>(it: &Setting<'_>, consumer: &'a str) -> Member<'a> {
    member(consumer).under(it.lead(consumer, LEASE))
}

fn deliveries(entries: &[Entry]) -> Vec<(u64, u64)> {
    let of = |entry: &Entry| (number(entry), entry.deliveries);
    entries.iter().map(of).collect()
}

fn trials_of(entries: &[Entry]) -> Vec<(u64, u32)> {
    let of = |entry: &Entry| (number(entry), entry.trials);
    entries.iter().map(of).collect()
}

fn counts(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([0]);
    it.requeue([7]);
    let leader = restart(it, "one");
    assert_eq!(deliveries(&it.receive_as(leader, 10)), [(7, 1), (0, 1)]);
    for count in 2..5 {
        let leader = restart(it, "one");
        let claimed = it.claim_as(leader, Duration::ZERO);
        assert_eq!(deliveries(&claimed), [(7, count), (0, count)]);
        assert_eq!(trials_of(&claimed), [(7, 0), (0, 0)]);
    }
}

fn release_uncounts(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    for _ in 0..4 {
        let leader = restart(it, "one");
        let mut given = it.claim_as(leader, LEASE);
        given.extend(it.receive_as(leader, 2));
        assert_eq!(deliveries(&given), [(0, 1), (1, 1)]);
        it.release(leader);
    }
    let crashed = restart(it, "one");
    it.claim_as(crashed, LEASE);
    let leader = restart(it, "one");
    let claimed = it.claim_as(leader, LEASE);
    assert_eq!(deliveries(&claimed), [(0, 2), (1, 2)], "a crash counts");
    it.release(leader);
    let leader = restart(it, "two");
    assert_eq!(deliveries(&it.claim_as(leader, LEASE)), [(0, 2), (1, 2)]);
}

/// Makes entry 1 of 0 to 3 a suspect, while its neighbors were delivered once.
fn make_suspect(it: &Setting<'_>) -> Vec<Entry> {
    it.join(GROUP);
    it.publish(0..4);
    let given = it.receive("one", 4);
    let only = Claim {
        after: Some(given[0].id),
        limit: crate::transport::Limit::entries(1),
        ..claim_all(Duration::ZERO)
    };
    for _ in 1..MAX {
        let claimed = claim(it, member("one"), only).entries;
        assert_eq!(numbers(&claimed), [1]);
    }
    given
}

fn suspects(it: &Setting<'_>) {
    let given = make_suspect(it);
    for count in [2, 3] {
        let claimed = claim(it, member("two"), careful(false));
        assert_eq!(claimed.suspect, Some(given[1].id));
        assert_eq!(deliveries(&claimed.entries), [(0, count)]);
    }
    let claimed = claim(it, member("two"), careful(false));
    assert_eq!(claimed.suspect, Some(given[0].id), "this one is first now");
    assert!(claimed.entries.is_empty());
}

fn neighbors(it: &Setting<'_>) {
    let given = make_suspect(it);
    let stopped = claim(it, member("two"), careful(false));
    assert_eq!(stopped.suspect, Some(given[1].id));
    let after = Claim {
        after: Some(given[1].id),
        ..careful(false)
    };
    let claimed = claim(it, member("two"), after);
    assert_eq!(claimed.suspect, None);
    assert_eq!(deliveries(&claimed.entries), [(2, 2), (3, 2)]);
    let claimed = it.claim("two", Duration::ZERO);
    assert_eq!(
        deliveries(&claimed),
        [(0, 3), (1, MAX + 1), (2, 3), (3, 3)],
        "stopping before a suspect counts no delivery of it"
    );
}

fn trials(it: &Setting<'_>) {
    let given = make_suspect(it);
    it.finish("one", &given[..1]);
    let claimed = claim(it, member("two"), careful(true));
    assert_eq!(deliveries(&claimed.entries), [(1, MAX + 1)], "alone");
    assert_eq!(trials_of(&claimed.entries), [(1, 1)]);
    assert_eq!(claimed.suspect, None);
    // It ends well: the neighbors are next, and they were not handed out meanwhile.
    it.finish("two", &claimed.entries);
    let claimed = claim(it, member("two"), careful(true));
    assert_eq!(deliveries(&claimed.entries), [(2, 2), (3, 2)]);
    assert_eq!(trials_of(&claimed.entries), [(2, 0), (3, 0)]);
}

fn trial_of_first(it: &Setting<'_>) {
    let given = make_suspect(it);
    let claimed = claim(it, member("two"), careful(true));
    assert_eq!(deliveries(&claimed.entries), [(0, 2)]);
    assert_eq!(claimed.suspect, Some(given[1].id));
    let from_suspect = Claim {
        after: Some(given[0].id),
        ..careful(true)
    };
    let claimed = claim(it, member("two"), from_suspect);
    assert_eq!(trials_of(&claimed.entries), [(1, 1)]);
}

fn marks_add_up(it: &Setting<'_>) {
    let given = make_suspect(it);
    it.finish("one", &given[..1]);
    for (consumer, marks) in [("one", 1), ("one", 2), ("one", 3)] {
        let leader = restart(it, consumer);
        let looked = claim(it, leader, careful(false));
        assert_eq!(looked.suspect, Some(given[1].id), "a mark makes a suspect");
        assert!(looked.entries.is_empty());
        let claimed = claim(it, leader, careful(true));
        assert_eq!(trials_of(&claimed.entries), [(1, marks)]);
    }
    // A mark alone makes a suspect, also in another process.
    let lenient = Claim {
        max_deliveries: u64::MAX,
        ..careful(false)
    };
    let looked = it.other().claim(member("two"), lenient);
    let looked = looked.expect("claiming succeeds");
    assert_eq!(looked.suspect, Some(given[1].id));
}

fn marks_go(it: &Setting<'_>) {
    let given = make_suspect(it);
    it.finish("one", &given[..1]);
    let leader = restart(it, "one");
    claim(it, leader, careful(true));
    let leader = restart(it, "one");
    let claimed = claim(it, leader, careful(true));
    assert_eq!(trials_of(&claimed.entries), [(1, 2)]);
    it.release(leader);
    let leader = restart(it, "one");
    let claimed = claim(it, leader, careful(true));
    assert_eq!(
        trials_of(&claimed.entries),
        [(1, 2)],
        "the trial that was released does not count, the one that crashed does"
    );
    let settled = it.transport.settle(leader, &[done(&claimed.entries[0])]);
    settled.expect("settling succeeds");
    let claimed = claim(it, leader, careful(false));
    assert_eq!(trials_of(&claimed.entries), [(2, 0), (3, 0)]);
    assert_eq!(claimed.suspect, None);
}
