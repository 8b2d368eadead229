//! What is kept, and for how long; and what the state says.

use std::time::Duration;

use super::{Check, GROUP, Setting, TOPIC, numbers};
use crate::transport::{Position, Retention, Trimmed};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "trimming leaves what a group has not finished",
        check: unfinished,
    },
    Check {
        name: "trimming leaves as many entries as are to be kept, and the young ones",
        check: kept,
    },
    Check {
        name: "unread entries are lost only where that is accepted, and counted",
        check: lost,
    },
    Check {
        name: "the state says what is there, unread and pending",
        check: state,
    },
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
        .map(|entry| {
            crate::transport::Settlement::finished(entry.id, None, std::sync::Arc::default())
        })
        .collect();
    it.transport
        .settle(super::member_of("slow", "one"), &settlements, false)
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

fn state(it: &Setting<'_>) {
    assert!(
        it.transport
            .status("nobody-published-here")
            .expect("the state can be read")
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
    assert_eq!((group.unread, group.pending, group.again), (Some(3), 2, 0));
    assert_eq!(group.lag(), Some(5));
    let entries = it.transport.read(TOPIC, Position::Oldest, 1);
    let oldest = entries.expect("reading succeeds")[0].published_at;
    let micros = |time: events_core::Timestamp| time.as_micros();
    let seen = group.oldest_unfinished.expect("something is unfinished");
    assert!(
        (micros(seen) - micros(oldest)).abs() <= 1_000,
        "to the millisecond"
    );
    let topics = it.transport.topics().expect("the state can be read");
    let same = topics.iter().find(|topic| topic.topic == TOPIC);
    assert_eq!(same.map(|topic| topic.entries), Some(5));
}
