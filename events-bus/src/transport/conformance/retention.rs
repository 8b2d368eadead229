//! Trimming topics.

use std::sync::Arc;
use std::time::Duration;

use super::setting::{GROUP, Setting, member_of, numbers};
use super::{Check, promises};
use crate::transport::{Position, Retention, Settlement};

pub(super) const CHECKS: &[Check] = promises![
    unfinished: "trimming keeps what a group has not finished",
    kept: "trimming keeps as many entries as the retention says, and the young ones",
    kept_before: "trimming keeps entries from `before` on",
    lost: "unread entries are lost only where the retention accepts that, and they are counted",
    nobody: "without groups, trimming follows the retention alone",
    requeued_stays: "trimming keeps requeued records",
    trims_all: "repeated calls remove everything that may go",
];

const NOTHING: Retention = Retention {
    entries: 0,
    age: Duration::ZERO,
    before: None,
    lose_unread_beyond: None,
};

fn left(it: &Setting<'_>) -> Vec<u64> {
    numbers(&it.read(Position::Oldest, 1000))
}

fn unfinished(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("slow");
    it.publish(0..6);
    let given = it.receive("one", 6);
    it.finish("one", &given);
    assert_eq!(it.trim(NOTHING).entries, 0, "one group has read nothing");
    assert_eq!(left(it), [0, 1, 2, 3, 4, 5]);
    let slow = it.receive_as(member_of("slow", "one"), 3);
    let settlements: Vec<_> = [0, 2]
        .into_iter()
        .map(|index: usize| Settlement::new(slow[index].id, None, Arc::default()))
        .collect();
    it.transport
        .settle(member_of("slow", "one"), &settlements)
        .expect("settling succeeds");
    let trimmed = it.trim(NOTHING);
    assert_eq!((trimmed.entries, trimmed.unread), (1, 0));
    assert_eq!(left(it), [1, 2, 3, 4, 5], "from the first pending one on");
}

fn kept(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..6);
    let given = it.receive("one", 6);
    it.finish("one", &given);
    let young = Retention {
        age: Duration::from_hours(1),
        ..NOTHING
    };
    assert_eq!(it.trim(young).entries, 0);
    let four = Retention {
        entries: 4,
        ..NOTHING
    };
    assert_eq!(it.trim(four).entries, 2);
    assert_eq!(left(it), [2, 3, 4, 5]);
    assert_eq!(it.trim(NOTHING).entries, 4);
    assert!(left(it).is_empty());
    let ids = it.publish([6]);
    assert!(ids[0] > given[5].id, "ids are not used a second time");
}

fn kept_before(it: &Setting<'_>) {
    it.join(GROUP);
    let ids = it.publish(0..6);
    it.finish("one", &it.receive("one", 6));
    let from = |index: usize| Retention {
        before: Some(ids[index]),
        ..NOTHING
    };
    assert_eq!(it.trim(from(2)).entries, 2);
    assert_eq!(left(it), [2, 3, 4, 5]);
    assert_eq!(it.trim(from(0)).entries, 0, "an entry that is gone");
    assert_eq!(it.trim(from(5)).entries, 3);
    assert_eq!(left(it), [5]);
}

fn lost(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..6);
    it.receive("one", 1);
    let two = Retention {
        lose_unread_beyond: Some(2),
        ..NOTHING
    };
    let trimmed = it.trim(two);
    assert_eq!((trimmed.entries, trimmed.unread), (4, 4));
    assert_eq!(left(it), [4, 5]);
    assert_eq!(it.claim("one", Duration::ZERO).len(), 0, "it is gone");
    assert_eq!(numbers(&it.receive("one", 10)), [4, 5]);
}

fn nobody(it: &Setting<'_>) {
    it.publish(0..4);
    let two = Retention {
        entries: 2,
        ..NOTHING
    };
    let trimmed = it.trim(two);
    assert_eq!((trimmed.entries, trimmed.unread), (2, 0));
    assert_eq!(left(it), [2, 3]);
}

fn requeued_stays(it: &Setting<'_>) {
    it.join(GROUP);
    it.requeue([7, 8]);
    it.publish(0..3);
    assert_eq!(numbers(&it.receive("one", 1)), [7]);
    let none = Retention {
        lose_unread_beyond: Some(0),
        ..NOTHING
    };
    let trimmed = it.trim(none);
    assert_eq!((trimmed.entries, trimmed.unread), (3, 3));
    assert_eq!(numbers(&it.claim("one", Duration::ZERO)), [7]);
    assert_eq!(numbers(&it.receive("one", 10)), [8]);
}

fn trims_all(it: &Setting<'_>) {
    const MANY: u64 = 20_000;
    it.join(GROUP);
    let ids = it.publish(0..MANY);
    it.finish("one", &it.receive("one", ids.len()));
    it.publish([MANY]);
    // A transport may have removed handled entries before.
    let there = it.status().entries - 1;
    let trimmed = it.trim(NOTHING);
    assert_eq!((trimmed.entries, trimmed.unread), (there, 0));
    assert_eq!(left(it), [MANY]);
}
