//! What is kept, and for how long.

use std::sync::Arc;
use std::time::Duration;

use super::{Check, GROUP, Setting, TOPIC, member_of, numbers, promises, record};
use crate::transport::{Position, Retention, Settlement, Trimmed};

pub(super) const CHECKS: &[Check] = promises![
    unfinished: "trimming leaves what a group has not finished",
    kept: "trimming leaves as many entries as are to be kept, and the young ones",
    lost: "unread entries are lost only where that is accepted, and counted",
    nobody: "without groups, trimming goes by the retention alone",
    again_stays: "trimming leaves what was requeued",
];

const NOTHING: Retention = Retention {
    entries: 0,
    age: Duration::ZERO,
    lose_unread_beyond: None,
};

fn trim(it: &Setting<'_>, retention: Retention) -> Trimmed {
    // An entry is older than no time at all only a moment later.
    std::thread::sleep(Duration::from_millis(5));
    it.transport
        .trim(TOPIC, retention)
        .expect("trimming succeeds")
}

fn left(it: &Setting<'_>) -> Vec<u64> {
    let entries = it.transport.read(TOPIC, Position::Oldest, 1000);
    numbers(&entries.expect("reading succeeds"))
}

fn unfinished(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("slow");
    it.publish(0..6);
    let given = it.receive("one", 10);
    it.finish("one", &given);
    assert_eq!(trim(it, NOTHING).entries, 0, "one group has read nothing");
    assert_eq!(left(it), [0, 1, 2, 3, 4, 5]);
    let slow = it.receive_in("slow", "one", 3);
    let settlements: Vec<_> = slow[..1]
        .iter()
        .map(|entry| Settlement::finished(entry.id, None, Arc::default()))
        .collect();
    it.transport
        .settle(member_of("slow", "one"), &settlements, false)
        .expect("settling succeeds");
    let trimmed = trim(it, NOTHING);
    assert_eq!((trimmed.entries, trimmed.unread), (1, 0));
    assert_eq!(left(it), [1, 2, 3, 4, 5], "from the first pending one on");
}

fn kept(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..6);
    let given = it.receive("one", 10);
    it.finish("one", &given);
    let young = Retention {
        age: Duration::from_hours(1),
        ..NOTHING
    };
    assert_eq!(trim(it, young).entries, 0);
    let four = Retention {
        entries: 4,
        ..NOTHING
    };
    assert_eq!(trim(it, four).entries, 2);
    assert_eq!(left(it), [2, 3, 4, 5]);
    assert_eq!(trim(it, NOTHING).entries, 4);
    assert!(left(it).is_empty());
    let ids = it.publish([6]);
    assert!(ids[0] > given[5].id, "ids are not used a second time");
}

fn lost(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..6);
    it.receive("one", 1);
    let two = Retention {
        lose_unread_beyond: Some(2),
        ..NOTHING
    };
    let trimmed = trim(it, two);
    assert_eq!((trimmed.entries, trimmed.unread), (4, 4));
    assert_eq!(left(it), [4, 5]);
    assert_eq!(
        it.take_over("one", Duration::ZERO).len(),
        0,
        "what is gone is not pending"
    );
    assert_eq!(numbers(&it.receive("one", 10)), [4, 5]);
}

fn nobody(it: &Setting<'_>) {
    it.publish(0..4);
    let two = Retention {
        entries: 2,
        ..NOTHING
    };
    assert_eq!(
        trim(it, two),
        Trimmed {
            entries: 2,
            unread: 0
        }
    );
    assert_eq!(left(it), [2, 3]);
}

fn again_stays(it: &Setting<'_>) {
    it.join(GROUP);
    it.transport
        .requeue(TOPIC, GROUP, &[record(7), record(8)])
        .expect("requeueing succeeds");
    it.publish(0..3);
    assert_eq!(numbers(&it.receive("one", 1)), [7]);
    let none = Retention {
        lose_unread_beyond: Some(0),
        ..NOTHING
    };
    assert_eq!(
        trim(it, none),
        Trimmed {
            entries: 3,
            unread: 3
        }
    );
    assert_eq!(numbers(&it.take_over("one", Duration::ZERO)), [7]);
    assert_eq!(numbers(&it.receive("one", 10)), [8]);
}
