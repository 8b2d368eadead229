//! Settling: finished, waiting, dead.

use std::sync::Arc;
use std::time::Duration;

use events_core::{Timestamp, Uuid};

use super::{Check, GROUP, LEASE, MOMENT, Setting, TOPIC, member, numbers, record};
use crate::record::Again;
use crate::transport::{
    DeadLetter, DeadReason, Entry, Malformed, Progress, ReceiverState, Settlement, Standing,
    TransportErrorKind,
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "what is finished is not pending, and what is not finished is",
        check: finished,
    },
    Check {
        name: "the progress of receivers is handed out with a pending entry",
        check: progress,
    },
    Check {
        name: "a dead letter is kept with the settlement, once",
        check: dead_letters,
    },
    Check {
        name: "dead letters are listed in their order, page by page, and can be dropped",
        check: listed,
    },
    Check {
        name: "who no longer leads settles nothing",
        check: fenced,
    },
    Check {
        name: "the receivers that handled an event are remembered, unless it is handled once more on purpose",
        check: duplicates,
    },
];

fn ids(names: &[&str]) -> Arc<[Arc<str>]> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn event_id(entry: &Entry) -> Option<Uuid> {
    entry
        .record
        .as_ref()
        .ok()
        .map(|record| record.metadata.id())
}

fn finished(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    let given = it.receive("one", 10);
    assert_eq!(it.group().pending, 3);
    it.finish("one", &given[1..2]);
    assert_eq!(it.group().pending, 2);
    assert_eq!(numbers(&it.take_over("one", Duration::ZERO)), [0, 2]);
    it.finish("one", &given);
    let group = it.group();
    assert_eq!((group.unread, group.pending), (Some(0), 0));
    assert_eq!(group.oldest_unfinished, None);
    assert_eq!(it.take_over("one", Duration::ZERO).len(), 0);
}

fn progress(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    assert!(given[0].progress.is_empty());
    let failed = |attempts| ReceiverState::Failed {
        attempts,
        next_attempt: Timestamp::from_micros(1_700_000_000_123_456).expect("a time"),
        error: "the \"mail\" server\nis down: ü".into(),
    };
    let settle = |progress: Vec<Progress>| {
        let settlement =
            Settlement::waiting(given[0].id, event_id(&given[0]), ids(&["good"]), progress);
        it.transport
            .settle(member("one"), &[settlement], false)
            .expect("settling succeeds");
    };
    settle(vec![Progress::new("bad".into(), failed(1))]);
    settle(vec![
        Progress::new("gone".into(), ReceiverState::Dead),
        Progress::new("bad".into(), failed(2)),
    ]);
    let again = it.take_over("two", Duration::ZERO);
    let mut progress = again[0].progress.clone();
    progress.sort_by(|a, b| a.receiver.cmp(&b.receiver));
    assert_eq!(
        progress,
        [
            Progress::new("bad".into(), failed(2)),
            Progress::new("gone".into(), ReceiverState::Dead),
            Progress::new("good".into(), ReceiverState::Handled),
        ]
    );
}

fn letter(entry: &Entry, reason: DeadReason) -> DeadLetter {
    DeadLetter::new(
        GROUP.into(),
        reason,
        "it said: ü",
        entry.id,
        Timestamp::from_micros(1_700_000_000_000_001).expect("a time"),
        entry.record.clone(),
    )
}

fn dead_letters(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    let letter = letter(&given[0], DeadReason::Exhausted).by_receiver("bad".into(), 5);
    let settle = || {
        let settlement = Settlement::finished(given[0].id, event_id(&given[0]), ids(&[]))
            .with_dead(vec![letter.clone()]);
        it.transport
            .settle(member("one"), &[settlement], false)
            .expect("settling succeeds");
    };
    settle();
    settle();
    let letters = it.transport.dead_letters(TOPIC, None, 10);
    let letters = letters.expect("reading dead letters succeeds");
    assert_eq!(letters.len(), 1, "settling twice adds no second letter");
    assert_eq!(letters[0].1, letter);
    assert_eq!(it.status().dead_letters, 1);
}

fn listed(it: &Setting<'_>) {
    it.join(GROUP);
    let reasons = DeadReason::ALL;
    it.publish(0..reasons.len() as u64);
    let given = it.receive("one", 100);
    let malformed = Malformed::new(
        "header `id` is no UUID",
        Some("org.example.v1"),
        vec![
            (Box::from(&b"type"[..]), Box::from(&b"org.example.v1"[..])),
            (Box::from(&b"\xff\x00"[..]), Box::from(&b""[..])),
        ],
    );
    let letters: Vec<_> = given
        .iter()
        .zip(reasons)
        .map(|(entry, reason)| {
            let mut letter = letter(entry, reason);
            if reason == DeadReason::Malformed {
                letter.record = Err(malformed.clone());
            }
            letter
        })
        .collect();
    let settlements: Vec<_> = given
        .iter()
        .zip(&letters)
        .map(|(entry, letter)| {
            Settlement::finished(entry.id, event_id(entry), ids(&[]))
                .with_dead(vec![letter.clone()])
        })
        .collect();
    it.transport
        .settle(member("one"), &settlements, false)
        .expect("settling succeeds");
    let mut found = Vec::new();
    let mut behind = None;
    loop {
        let page = it.transport.dead_letters(TOPIC, behind, 4);
        let page = page.expect("reading dead letters succeeds");
        let Some((last, _)) = page.last() else { break };
        behind = Some(*last);
        found.extend(page);
    }
    let back: Vec<_> = found.iter().map(|(_, letter)| letter.clone()).collect();
    assert_eq!(back, letters);
    let drop = [found[1].0, found[3].0];
    let dropped = |ids| it.transport.drop_dead_letters(TOPIC, ids);
    assert_eq!(dropped(&drop).ok(), Some(2));
    assert_eq!(dropped(&drop).ok(), Some(0));
    assert_eq!(it.status().dead_letters, letters.len() as u64 - 2);
}

fn fenced(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let lead = |consumer, lease| it.transport.lead(member(consumer), lease).ok();
    assert_eq!(lead("one", MOMENT), Some(Standing::Active));
    let given = it.receive("one", 10);
    super::eventually("another consumer leads after the lease", || {
        lead("two", LEASE) == Some(Standing::Active)
    });
    let settlement = Settlement::finished(given[0].id, event_id(&given[0]), ids(&[]));
    let late = it
        .transport
        .settle(member("one"), std::slice::from_ref(&settlement), true);
    assert_eq!(
        late.map_err(|error| error.kind()),
        Err(TransportErrorKind::LostLease)
    );
    assert_eq!(it.group().pending, 1, "nothing happened");
    it.take_over("two", Duration::ZERO);
    it.transport
        .settle(member("two"), &[settlement], true)
        .expect("who leads settles");
    assert_eq!(it.group().pending, 0);
}

fn duplicates(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish([1]);
    let given = it.receive("one", 10);
    assert!(given[0].handled_by.is_empty());
    let settlement = Settlement::finished(given[0].id, event_id(&given[0]), ids(&["a", "b"]));
    it.transport
        .settle(member("one"), &[settlement], false)
        .expect("settling succeeds");
    it.publish([1, 2]);
    let mut given = it.receive("one", 10);
    given[0].handled_by.sort();
    assert_eq!(given[0].handled_by, [Arc::from("a"), Arc::from("b")]);
    assert!(
        given[1].handled_by.is_empty(),
        "of another event, nothing is known"
    );
    let others = it.receive_in("other", "one", 10);
    assert!(
        others.iter().all(|entry| entry.handled_by.is_empty()),
        "groups are apart"
    );
    let once_more = record(1).once_more(Again::new("replay", "1-0"));
    it.transport
        .requeue(TOPIC, GROUP, &[once_more])
        .expect("requeueing succeeds");
    assert!(it.receive("one", 10)[0].handled_by.is_empty());
}
