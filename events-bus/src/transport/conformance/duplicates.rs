//! The duplicate window: who handled an event in another entry.

use std::time::Duration;

use super::setting::{
    GROUP, MOMENT, Setting, TOPIC, done_by, handled_by, member, member_of, numbers, parked, record,
    retry_id,
};
use super::{Check, promises};
use crate::record::Requeued;
use crate::transport::Limit;

pub(super) const CHECKS: &[Check] = promises![
    duplicates: "receiving looks up who handled the event",
    remembered: "the receivers of an event add up, and other processes know them",
    duplicates_claimed: "claiming looks up who handled the event meanwhile",
    duplicates_retried: "claiming retries looks up who handled the event meanwhile",
    duplicates_requeued: "a requeued record is never a duplicate",
];

fn duplicates(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish([1]);
    let given = it.receive("one", 10);
    assert!(handled_by(&given[0]).is_empty());
    it.settle(&[done_by(&given[0], &["b", "a"])]);
    it.publish([1, 2]);
    let given = it.receive("one", 10);
    assert_eq!(handled_by(&given[0]), ["a", "b"]);
    assert!(handled_by(&given[1]).is_empty(), "of another event");
    let others = it.receive_as(member_of("other", "one"), 10);
    assert_eq!(others.len(), 3);
    assert!(
        others.iter().all(|entry| handled_by(entry).is_empty()),
        "groups are apart"
    );
}

fn remembered(it: &Setting<'_>) {
    it.join(GROUP);
    for receivers in [&["a"][..], &["b", "a"]] {
        it.publish([1]);
        let given = it.receive("one", 10);
        it.settle(&[done_by(&given[0], receivers)]);
    }
    it.publish([1]);
    let given = it
        .other()
        .receive(member("two"), Limit::entries(10), MOMENT);
    let given = given.expect("receiving succeeds");
    assert_eq!(handled_by(&given[0]), ["a", "b"], "each of them once");
}

fn duplicates_claimed(it: &Setting<'_>) {
    it.join(GROUP);
    // Two copies are in flight together.
    it.publish([1, 2, 1]);
    it.requeue([1]);
    let given = it.receive("one", 10);
    assert_eq!(numbers(&given), [1, 1, 2, 1]);
    assert!(given.iter().all(|entry| handled_by(entry).is_empty()));
    it.settle(&[done_by(&given[1], &["a"])]);
    let claimed = it.claim("one", Duration::ZERO);
    let of: Vec<_> = claimed.iter().map(handled_by).collect();
    let a = vec!["a"];
    assert_eq!(
        of[1..],
        [Vec::new(), a.clone()],
        "entries of the topic are looked up"
    );
    it.settle(&[done_by(&claimed[2], &["b"])]);
    it.publish([1]);
    it.receive("one", 10);
    let claimed = it
        .other()
        .claim(member("two"), super::setting::claim_all(Duration::ZERO));
    let claimed = claimed.expect("claiming succeeds").entries;
    let last = claimed.last().expect("it is pending");
    assert_eq!(handled_by(last), ["a", "b"]);
}

fn duplicates_retried(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1, 1]);
    let given = it.receive("one", 10);
    it.settle(&[parked(&given[0], &["a"])]);
    let ids = [retry_id(given[0].id, "a")];
    let claimed = it.claim_retries("one", &ids, Duration::ZERO);
    assert!(handled_by(&claimed[0]).is_empty());
    it.settle(&[done_by(&given[1], &["a"])]);
    let claimed = it.claim_retries("one", &ids, Duration::ZERO);
    assert_eq!(handled_by(&claimed[0]), ["a"]);
}

fn duplicates_requeued(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    it.settle(&[done_by(&given[0], &["a"])]);
    let requeued = record(1).with_requeued(Requeued::new("replay", "1-0"));
    it.transport
        .requeue(TOPIC, GROUP, &[requeued])
        .expect("requeueing succeeds");
    let given = it.receive("one", 10);
    assert!(handled_by(&given[0]).is_empty(), "by receive");
    let claimed = it.claim("one", Duration::ZERO);
    assert!(handled_by(&claimed[0]).is_empty(), "by claim");
    it.settle(&[parked(&claimed[0], &["a"])]);
    let ids = [retry_id(claimed[0].id, "a")];
    let claimed = it.claim_retries("one", &ids, Duration::ZERO);
    assert!(handled_by(&claimed[0]).is_empty(), "by claim_retries");
}
