//! Reading without a group.

use std::time::Duration;

use events_core::Timestamp;

use super::setting::{GROUP, Setting, TOPIC, number, numbers, record};
use super::{Check, promises};
use crate::transport::{DeadLetterLimits, EntryId, Position, Retention, Trimmed};

pub(super) const CHECKS: &[Check] = promises![
    positions: "reading begins at the given position",
    trimmed_positions: "reading begins after the entries that were trimmed",
    topics: "topics are apart from each other",
    unknown: "an unknown topic is empty, and looking at it does not create it",
];

fn positions(it: &Setting<'_>) {
    let ids = it.publish(0..3);
    let read = |from, limit| numbers(&it.read(from, limit));
    assert_eq!(read(Position::Oldest, 2), [0, 1]);
    assert_eq!(read(Position::At(ids[1]), 10), [1, 2]);
    assert_eq!(read(Position::After(ids[1]), 10), [2]);
    assert!(read(Position::After(ids[2]), 10).is_empty());
    let entries = it.read(Position::Oldest, 10);
    assert!(entries.iter().all(|entry| entry.deliveries == 0));
    let first = entries[0].published_at;
    assert_eq!(read(Position::Time(first), 1), [0], "by time");
    let later = Timestamp::from_micros(entries[2].published_at.as_micros() + 3_600_000_000);
    let later = later.expect("a time of this century");
    assert!(read(Position::Time(later), 10).is_empty());
}

fn trimmed_positions(it: &Setting<'_>) {
    let ids = it.publish(0..6);
    it.join(GROUP);
    let lossy = Retention {
        lose_unread_beyond: Some(2),
        ..Retention::default()
    };
    assert_eq!(it.trim(lossy).entries, 4);
    let read = |from, limit| numbers(&it.read(from, limit));
    assert_eq!(read(Position::Oldest, 10), [4, 5]);
    assert_eq!(read(Position::At(ids[1]), 10), [4, 5]);
    assert_eq!(read(Position::After(ids[1]), 1), [4]);
    assert_eq!(read(Position::At(EntryId::new(0, 0)), 10), [4, 5]);
    assert!(read(Position::At(EntryId::new(u64::MAX, 0)), 10).is_empty());
    assert!(
        read(Position::Oldest, 0).is_empty(),
        "no more than the limit"
    );
}

fn topics(it: &Setting<'_>) {
    let other = "une-autre.Καλημέρα";
    let published = it.transport.publish(other, &[record(7)]);
    published.expect("publishing succeeds");
    it.publish([1]);
    it.join(GROUP);
    assert_eq!(numbers(&it.receive("one", 10)), [1]);
    let entries = it.transport.read(other, Position::Oldest, 10);
    let entries = entries.expect("reading succeeds");
    assert_eq!(entries.iter().map(number).collect::<Vec<_>>(), [7]);
    let topics = it.transport.topics().expect("the status can be read");
    let names: Vec<_> = topics.into_iter().map(|topic| topic.topic).collect();
    for name in [TOPIC, other] {
        assert!(names.contains(&name.to_owned()), "{name} is listed");
    }
}

fn unknown(it: &Setting<'_>) {
    const NEVER: &str = "nobody-published-here";
    let transport = &*it.transport;
    let read = transport.read(NEVER, Position::Oldest, 10);
    assert!(read.expect("reading succeeds").is_empty());
    let letters = transport.dead_letters(NEVER, None, 10);
    assert_eq!(letters.expect("reading dead letters succeeds"), []);
    let dropped = transport.drop_dead_letters(NEVER, &[EntryId::new(1, 0)]);
    assert_eq!(dropped.ok(), Some(0));
    let none = DeadLetterLimits {
        entries: Some(0),
        age: Some(Duration::ZERO),
    };
    assert_eq!(transport.trim_dead_letters(NEVER, none).ok(), Some(0));
    let keep_nothing = Retention {
        lose_unread_beyond: Some(0),
        ..Retention::default()
    };
    let trimmed = transport.trim(NEVER, keep_nothing);
    assert_eq!(trimmed.ok(), Some(Trimmed::default()));
    assert_eq!(transport.delete_group(NEVER, GROUP).ok(), Some(false));
    let status = transport.status(NEVER).expect("the status can be read");
    assert_eq!(status, None, "looking at a topic does not create it");
    it.publish([1]);
    assert_eq!(transport.delete_group(TOPIC, GROUP).ok(), Some(false));
}
