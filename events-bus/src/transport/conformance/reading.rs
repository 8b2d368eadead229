//! Reading without a group.

use std::time::Duration;

use super::{Check, GROUP, Setting, TOPIC, number, numbers, promises, record};
use crate::transport::{EntryId, Position, Retention, Trimmed};

pub(super) const CHECKS: &[Check] = promises![
    positions: "reading begins where it is told to",
    trimmed_positions: "reading begins behind what was trimmed",
    topics: "topics are apart from each other",
    unknown: "what never was is empty, and neither trimmed nor forgotten",
];

fn positions(it: &Setting<'_>) {
    let ids = it.publish(0..3);
    let read = |from, most| {
        let entries = it.transport.read(TOPIC, from, most);
        numbers(&entries.expect("reading succeeds"))
    };
    assert_eq!(read(Position::Oldest, 2), [0, 1]);
    assert_eq!(read(Position::At(ids[1]), 10), [1, 2]);
    assert_eq!(read(Position::After(ids[1]), 10), [2]);
    assert!(read(Position::After(ids[2]), 10).is_empty());
    let entries = it.transport.read(TOPIC, Position::Oldest, 10);
    let entries = entries.expect("reading succeeds");
    let first = entries[0].published_at;
    assert_eq!(read(Position::Time(first), 1), [0], "by time");
    let later =
        events_core::Timestamp::from_micros(entries[2].published_at.as_micros() + 3_600_000_000);
    let later = later.expect("a time of this century");
    assert!(read(Position::Time(later), 10).is_empty());
    let nobody = it
        .transport
        .read("nobody-published-here", Position::Oldest, 10);
    assert!(nobody.expect("an unknown topic is empty").is_empty());
}

fn trimmed_positions(it: &Setting<'_>) {
    let ids = it.publish(0..6);
    it.join(GROUP);
    let lossy = Retention {
        entries: 0,
        age: Duration::ZERO,
        lose_unread_beyond: Some(2),
    };
    let trimmed = it.transport.trim(TOPIC, lossy);
    assert_eq!(trimmed.expect("trimming succeeds").entries, 4);
    let read = |from, most| {
        let entries = it.transport.read(TOPIC, from, most);
        numbers(&entries.expect("reading succeeds"))
    };
    assert_eq!(read(Position::Oldest, 10), [4, 5]);
    assert_eq!(read(Position::At(ids[1]), 10), [4, 5]);
    assert_eq!(read(Position::After(ids[1]), 1), [4]);
    assert_eq!(read(Position::At(EntryId::new(0, 0)), 10), [4, 5]);
    assert!(read(Position::At(EntryId::new(u64::MAX, 0)), 10).is_empty());
    assert!(
        read(Position::Oldest, 0).is_empty(),
        "no more than asked for"
    );
}

fn topics(it: &Setting<'_>) {
    let other = "une-autre.Καλημέρα";
    it.transport
        .publish(other, &[record(7)], None)
        .expect("publishing succeeds");
    it.publish([1]);
    it.join(GROUP);
    assert_eq!(numbers(&it.receive("one", 10)), [1]);
    let entries = it.transport.read(other, Position::Oldest, 10);
    assert_eq!(
        entries
            .expect("reading succeeds")
            .iter()
            .map(number)
            .collect::<Vec<_>>(),
        [7]
    );
    let names: Vec<_> = it
        .transport
        .topics()
        .expect("the state can be read")
        .into_iter()
        .map(|topic| topic.topic)
        .collect();
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
    let keep_nothing = Retention {
        entries: 0,
        age: Duration::ZERO,
        lose_unread_beyond: Some(0),
    };
    let trimmed = transport.trim(NEVER, keep_nothing);
    assert_eq!(trimmed.ok(), Some(Trimmed::default()));
    assert_eq!(transport.forget(NEVER, GROUP).ok(), Some(false));
    let status = transport.status(NEVER).expect("the state can be read");
    assert_eq!(status, None, "looking at a topic does not make it");
    it.publish([1]);
    assert_eq!(transport.forget(TOPIC, GROUP).ok(), Some(false));
}
