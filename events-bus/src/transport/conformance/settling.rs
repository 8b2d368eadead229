//! Settling entries.

use std::sync::Arc;
use std::time::Duration;

use super::setting::{GROUP, Setting, TOPIC, done, done_by, handled_by, letter, numbers, parked};
use super::{Check, promises};
use crate::transport::{DeadReason, EntryId, Settlement};

pub(super) const CHECKS: &[Check] = promises![
    finished: "a settled entry is not pending, and an entry that is not settled is",
    batch: "each settlement of a call counts, whatever the others are",
    settled_late: "an entry that is not pending is passed over with everything that belongs to it",
];

fn finished(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    let given = it.receive("one", 10);
    assert_eq!(it.group().pending, 3);
    it.finish("one", &given[1..2]);
    assert_eq!(it.group().pending, 2);
    assert_eq!(numbers(&it.claim("one", Duration::ZERO)), [0, 2]);
    it.finish("one", &given);
    let group = it.group();
    assert_eq!((group.unread, group.pending), (Some(0), 0));
    assert_eq!(group.oldest_unfinished, None);
    assert_eq!(it.claim("one", Duration::ZERO).len(), 0);
}

fn batch(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..6);
    let given = it.receive("one", 10);
    it.finish("one", &given[..1]);
    let dead = |index: usize| {
        let letter = letter(&given[index], DeadReason::Exhausted);
        done(&given[index]).with_dead(vec![letter])
    };
    let stranger = Settlement::new(EntryId::new(1 << 40, 0), None, Arc::default());
    let retry_of_nothing = done(&given[5]).of_retry("a".into());
    it.settle(&[
        dead(0),
        dead(1),
        stranger,
        retry_of_nothing,
        parked(&given[2], &["a"]),
        dead(3),
        done_by(&given[4], &["a"]),
    ]);
    assert_eq!(numbers(&it.claim("one", Duration::ZERO)), [5]);
    let letters = it.letters(TOPIC);
    let entries: Vec<_> = letters.iter().map(|(_, letter)| letter.entry).collect();
    assert_eq!(
        entries,
        [given[1].id, given[3].id],
        "a dead letter is there if this call settled its entry"
    );
    let retries: Vec<_> = it.retries().into_iter().map(|(id, _)| id).collect();
    assert_eq!(retries, [given[2].id]);
}

fn settled_late(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    it.settle(&[done(&given[0])]);
    let letter = letter(&given[0], DeadReason::Exhausted);
    it.settle(&[parked(&given[0], &["a"]).with_dead(vec![letter])]);
    it.settle(&[done_by(&given[0], &["a"])]);
    assert_eq!(it.retries(), []);
    assert_eq!(it.letters(TOPIC), []);
    it.publish([1]);
    let again = it.receive("one", 10);
    assert!(handled_by(&again[0]).is_empty(), "nobody is remembered");
}
