//! Claiming and settling deliveries of the retry queue.

use std::thread;
use std::time::Duration;

use super::setting::{
    GROUP, LEASE, MOMENT, Setting, TOPIC, done, done_by, handled_by, letter, member, numbers,
    parked, parked_again, retry_id, retry_state,
};
use super::{Check, promises};
use crate::transport::{DeadReason, Entry, RetryId};

pub(super) const CHECKS: &[Check] = promises![
    retries_ordered: "the retry queue is listed in the order of the entries, and claimed in the given order",
    retry_settles: "a settled delivery leaves the retry queue, with its dead letter and who handled it",
    retry_parks_again: "a delivery that is parked again keeps its place and begins its counts anew",
    retry_once: "a delivery that left the retry queue is passed over with everything that belongs to it",
    retry_idle: "a delivery that another consumer touched within the idle time is passed over",
    retry_counts: "each time that a delivery is handed out counts",
    retry_trials: "a trial marks the delivery, and marks add up over crashes",
    retry_released: "a release frees deliveries at once and takes back their counts and marks",
    retry_gone: "deliveries that do not exist are passed over",
    retry_survives: "the retry queue survives its consumer and its process",
];

/// Parks entries 0 to `count` for a receiver and returns the ids of the deliveries.
fn park(it: &Setting<'_>, count: u64, receiver: &str) -> Vec<RetryId> {
    it.join(GROUP);
    it.publish(0..count);
    let given = it.receive("one", usize::try_from(count).expect("a small number"));
    // The order of settling is not that of the entries.
    for entry in given.iter().rev() {
        it.settle(&[parked(entry, &[receiver])]);
    }
    given
        .iter()
        .map(|entry| retry_id(entry.id, receiver))
        .collect()
}

fn counts(entries: &[Entry]) -> Vec<(u64, u32)> {
    entries
        .iter()
        .map(|entry| (entry.deliveries, entry.trials))
        .collect()
}

fn retries_ordered(it: &Setting<'_>) {
    let ids = park(it, 12, "a");
    let listed: Vec<_> = it.retries().into_iter().map(|(id, _)| id).collect();
    let order: Vec<_> = ids.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, order);
    let some = [ids[10].clone(), ids[2].clone(), ids[11].clone()];
    let claimed = it.claim_retries("one", &some, Duration::ZERO);
    assert_eq!(numbers(&claimed), [10, 2, 11]);
}

fn retry_settles(it: &Setting<'_>) {
    let ids = park(it, 3, "a");
    let claimed = it.claim_retries("one", &ids, Duration::ZERO);
    let letter = letter(&claimed[1], DeadReason::Exhausted).by_receiver("a".into(), 5);
    it.settle(&[
        done_by(&claimed[0], &["a"]).of_retry("a".into()),
        done(&claimed[1])
            .of_retry("a".into())
            .with_dead(vec![letter.clone()]),
    ]);
    assert_eq!(it.retries(), [(ids[2].0, retry_state("a", 1))]);
    assert_eq!(it.group().parked, 1);
    let letters: Vec<_> = it.letters(TOPIC).into_iter().map(|(_, it)| it).collect();
    assert_eq!(letters, [letter]);
    it.publish(0..2);
    let given = it.receive("one", 2);
    assert_eq!(handled_by(&given[0]), ["a"]);
    assert!(handled_by(&given[1]).is_empty());
}

fn retry_parks_again(it: &Setting<'_>) {
    let ids = park(it, 3, "a");
    let middle = std::slice::from_ref(&ids[1]);
    for _ in 0..3 {
        it.claim_retries("one", middle, Duration::ZERO);
    }
    let trial = it
        .transport
        .claim_retries(member("one"), middle, Duration::ZERO, true);
    let trial = trial.expect("claiming retries succeeds");
    assert_eq!(counts(&trial), [(4, 1)]);
    it.settle(&[parked_again(&trial[0], retry_state("a", 2))]);
    let expected: Vec<_> = ids
        .iter()
        .zip([1, 2, 1])
        .map(|((id, _), attempts)| (*id, retry_state("a", attempts)))
        .collect();
    assert_eq!(it.retries(), expected, "in its place");
    assert_eq!(it.group().parked, 3);
    // Nobody holds it now.
    let claimed = it.claim_retries("two", middle, LEASE);
    assert_eq!(counts(&claimed), [(1, 0)], "the counts begin anew");
    assert_eq!(numbers(&claimed), [1]);
    assert_eq!(claimed[0].retry.as_deref(), Some(&retry_state("a", 2)));
}

fn retry_once(it: &Setting<'_>) {
    let ids = park(it, 1, "a");
    let claimed = it.claim_retries("one", &ids, Duration::ZERO);
    it.settle(&[done(&claimed[0]).of_retry("a".into())]);
    let letter = letter(&claimed[0], DeadReason::Exhausted);
    it.settle(&[
        parked_again(&claimed[0], retry_state("a", 2)),
        done_by(&claimed[0], &["a"])
            .of_retry("a".into())
            .with_dead(vec![letter]),
    ]);
    assert_eq!(it.retries(), []);
    assert_eq!(it.letters(TOPIC), []);
    it.publish([0]);
    let given = it.receive("one", 10);
    assert!(handled_by(&given[0]).is_empty(), "nobody is remembered");
}

fn retry_idle(it: &Setting<'_>) {
    let ids = park(it, 2, "a");
    let claim = |consumer, idle| numbers(&it.claim_retries(consumer, &ids, idle));
    assert_eq!(claim("one", LEASE), [0, 1], "nobody holds them");
    assert_eq!(claim("two", LEASE), [] as [u64; 0], "one works on them");
    assert_eq!(claim("one", LEASE), [0, 1], "its own");
    thread::sleep(MOMENT * 2);
    assert_eq!(claim("two", MOMENT), [0, 1]);
    assert_eq!(claim("one", LEASE), [] as [u64; 0], "two works on them");
    assert_eq!(claim("one", Duration::ZERO), [0, 1]);
}

fn retry_counts(it: &Setting<'_>) {
    let ids = park(it, 2, "a");
    for count in 1..4 {
        let leader = member("one").under(it.lead("one", LEASE));
        let claimed = it
            .transport
            .claim_retries(leader, &ids[..1], Duration::ZERO, false);
        let claimed = claimed.expect("claiming retries succeeds");
        assert_eq!(counts(&claimed), [(count, 0)]);
    }
    let claimed = it.claim_retries("one", &ids, Duration::ZERO);
    assert_eq!(counts(&claimed), [(4, 0), (1, 0)]);
}

fn retry_trials(it: &Setting<'_>) {
    let ids = park(it, 1, "a");
    for marks in 1..4 {
        let leader = member("one").under(it.lead("one", LEASE));
        let claimed = it
            .transport
            .claim_retries(leader, &ids, Duration::ZERO, true);
        let claimed = claimed.expect("claiming retries succeeds");
        assert_eq!(counts(&claimed), [(u64::from(marks), marks)]);
    }
    let other = it.other();
    let claimed = other.claim_retries(member("one"), &ids, Duration::ZERO, false);
    let claimed = claimed.expect("claiming retries succeeds");
    assert_eq!(counts(&claimed), [(4, 3)], "the marks are stored");
}

fn retry_released(it: &Setting<'_>) {
    let ids = park(it, 2, "a");
    let claim = |consumer, trial| {
        let leader = member(consumer).under(it.lead(consumer, LEASE));
        let claimed = it.transport.claim_retries(leader, &ids, LEASE, trial);
        (leader, claimed.expect("claiming retries succeeds"))
    };
    for consumer in ["one", "two", "one"] {
        let (leader, claimed) = claim(consumer, true);
        assert_eq!(counts(&claimed), [(1, 1), (1, 1)]);
        it.release(leader);
    }
    claim("one", true);
    let (leader, claimed) = claim("one", true);
    assert_eq!(counts(&claimed), [(2, 2), (2, 2)]);
    it.release(leader);
    let (_, claimed) = claim("two", true);
    assert_eq!(
        counts(&claimed),
        [(2, 2), (2, 2)],
        "the delivery that crashed counts, the released one does not"
    );
}

fn retry_gone(it: &Setting<'_>) {
    let ids = park(it, 2, "a");
    it.publish([9]);
    let pending = it.receive("one", 1);
    let wanted = [
        retry_id(pending[0].id, "a"),
        ids[1].clone(),
        retry_id(ids[0].0, "b"),
        retry_id(ids[0].0.in_redelivery(), "a"),
        ids[0].clone(),
    ];
    let claimed = it.claim_retries("one", &wanted, Duration::ZERO);
    assert_eq!(numbers(&claimed), [1, 0]);
    assert_eq!(it.claim_retries("one", &[], Duration::ZERO).len(), 0);
    let pending = it.claim("one", LEASE);
    assert_eq!(counts(&pending), [(2, 0)], "a pending entry is no retry");
}

fn retry_survives(it: &Setting<'_>) {
    let ids = park(it, 2, "a");
    it.claim_retries("one", &ids, Duration::ZERO);
    let other = it.other();
    let two = member("two");
    let retries = other.retries(two).expect("the queue can be read");
    assert_eq!(retries.len(), 2);
    let claimed = other.claim_retries(two, &ids, LEASE, false);
    let claimed = claimed.expect("claiming retries succeeds");
    assert_eq!(claimed.len(), 0, "one works on them");
    let claimed = other.claim_retries(two, &ids, Duration::ZERO, false);
    let claimed = claimed.expect("claiming retries succeeds");
    assert_eq!(counts(&claimed), [(2, 0), (2, 0)]);
    assert_eq!(numbers(&claimed), [0, 1]);
}
