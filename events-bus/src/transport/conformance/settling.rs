//! Settling: finished, waiting, dead.

use std::sync::Arc;
use std::time::Duration;

use events_core::Timestamp;

use super::{
    Check, GROUP, MOMENT, Setting, TOPIC, event_id, letter, member, numbers, promises, receivers,
    record,
};
use crate::record::Requeued;
use crate::transport::{
    DeadReason, Entry, EntryId, Malformed, Progress, ReceiverState, Settlement, Start,
};

pub(super) const CHECKS: &[Check] = promises![
    finished: "what is finished is not pending, and what is not finished is",
    progress: "the progress of receivers is handed out with a pending entry",
    batch: "each settlement of a call counts, whatever the others are",
    dead_letters: "a dead letter is kept with the settlement, once",
    given_up: "a dead letter of an entry that is not finished leaves it pending",
    listed: "dead letters are listed in their order, page by page, and can be dropped",
    letters_apart: "dead letters are those of their topic",
    duplicates: "the receivers that handled an event are remembered, unless it is handled once more on purpose",
    remembered: "what is remembered of an event adds up, and is known to other processes",
    waiting_unremembered: "of an event that is not finished, nobody is remembered",
];

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
        let settlement = Settlement::waiting(
            given[0].id,
            event_id(&given[0]),
            receivers(&["good"]),
            progress,
        );
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

fn batch(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..5);
    let given = it.receive("one", 10);
    it.finish("one", &given[..1]);
    let finished = |entry: &Entry| {
        let letter = letter(entry, DeadReason::Exhausted);
        Settlement::finished(entry.id, event_id(entry), receivers(&[])).with_dead(vec![letter])
    };
    let progress = Progress::new("slow".into(), ReceiverState::Dead);
    let waiting = Settlement::waiting(
        given[2].id,
        event_id(&given[2]),
        Arc::default(),
        vec![progress.clone()],
    );
    let stranger = Settlement::finished(EntryId::new(1 << 40, 0), None, Arc::default());
    let batch = [
        finished(&given[0]),
        finished(&given[1]),
        stranger,
        waiting,
        finished(&given[3]),
    ];
    settle(it, &batch);
    let pending = it.take_over("one", Duration::ZERO);
    assert_eq!(numbers(&pending), [2, 4]);
    assert_eq!(pending[0].progress, [progress]);
    assert_eq!(
        letters(it, TOPIC),
        [given[1].id, given[3].id],
        "a letter is there if its entry was settled by this call"
    );
}

fn settle(it: &Setting<'_>, settlements: &[Settlement]) {
    it.transport
        .settle(member("one"), settlements, false)
        .expect("settling succeeds");
}

/// The entries that the dead letters of a topic are of.
fn letters(it: &Setting<'_>, topic: &str) -> Vec<EntryId> {
    let letters = it.transport.dead_letters(topic, None, 100);
    let letters = letters.expect("reading dead letters succeeds");
    letters.iter().map(|(_, letter)| letter.entry).collect()
}

fn dead_letters(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    let letter = letter(&given[0], DeadReason::Exhausted).by_receiver("bad".into(), 5);
    let settle = || {
        let settlement = Settlement::finished(given[0].id, event_id(&given[0]), receivers(&[]))
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

fn given_up(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    let letter = letter(&given[0], DeadReason::Permanent).by_receiver("bad".into(), 1);
    let progress = vec![
        Progress::new("bad".into(), ReceiverState::Dead),
        Progress::new("good".into(), ReceiverState::Handled),
    ];
    let waiting = Settlement::waiting(
        given[0].id,
        event_id(&given[0]),
        Arc::default(),
        progress.clone(),
    );
    settle(it, &[waiting.with_dead(vec![letter])]);
    assert_eq!(it.group().pending, 1);
    assert_eq!(letters(it, TOPIC), [given[0].id]);
    let again = it.take_over("one", Duration::ZERO);
    assert_eq!(again[0].progress, progress);
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
            Settlement::finished(entry.id, event_id(entry), receivers(&[]))
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
        assert!(found.len() <= letters.len(), "paging comes to an end");
    }
    let back: Vec<_> = found.iter().map(|(_, letter)| letter.clone()).collect();
    assert_eq!(back, letters);
    let drop = [found[1].0, found[3].0];
    let dropped = |ids| it.transport.drop_dead_letters(TOPIC, ids);
    assert_eq!(dropped(&drop).ok(), Some(2));
    assert_eq!(dropped(&drop).ok(), Some(0));
    assert_eq!(it.status().dead_letters, letters.len() as u64 - 2);
}

fn letters_apart(it: &Setting<'_>) {
    const OTHER: &str = "another";
    let transport = &*it.transport;
    let mut entries = Vec::new();
    for topic in [TOPIC, OTHER] {
        let at = crate::transport::Member {
            topic,
            ..member("one")
        };
        transport
            .join(topic, GROUP, Start::Beginning)
            .expect("joining succeeds");
        transport
            .publish(topic, &[record(1)], None)
            .expect("publishing succeeds");
        let given = transport.receive(at, 10, MOMENT);
        let given = given.expect("receiving succeeds");
        let letter = letter(&given[0], DeadReason::UnknownType);
        let settlement = Settlement::finished(given[0].id, None, Arc::default());
        transport
            .settle(at, &[settlement.with_dead(vec![letter])], false)
            .expect("settling succeeds");
        entries.push(given[0].id);
    }
    assert_eq!(letters(it, TOPIC), entries[..1]);
    assert_eq!(letters(it, OTHER), entries[1..]);
    let all = transport.dead_letters(TOPIC, None, 10);
    let ids: Vec<_> = all
        .expect("reading dead letters succeeds")
        .iter()
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(transport.drop_dead_letters(TOPIC, &ids).ok(), Some(1));
    assert_eq!(letters(it, TOPIC), []);
    assert_eq!(letters(it, OTHER).len(), 1);
}

fn duplicates(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish([1]);
    let given = it.receive("one", 10);
    assert!(given[0].handled_by.is_empty());
    let settlement = Settlement::finished(given[0].id, event_id(&given[0]), receivers(&["a", "b"]));
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
    let requeued = record(1).as_requeued(Requeued::new("replay", "1-0"));
    it.transport
        .requeue(TOPIC, GROUP, &[requeued])
        .expect("requeueing succeeds");
    assert!(it.receive("one", 10)[0].handled_by.is_empty());
}

fn remembered(it: &Setting<'_>) {
    it.join(GROUP);
    for handled_by in [&["a"][..], &["b", "a"]] {
        it.publish([1]);
        let given = it.receive("one", 10);
        let handled_by = receivers(handled_by);
        settle(
            it,
            &[Settlement::finished(
                given[0].id,
                event_id(&given[0]),
                handled_by,
            )],
        );
    }
    it.publish([1]);
    let given = it.other().receive(member("two"), 10, MOMENT);
    let mut given = given.expect("receiving succeeds");
    given[0].handled_by.sort();
    assert_eq!(
        given[0].handled_by[..],
        receivers(&["a", "b"])[..],
        "each of them once"
    );
}

fn waiting_unremembered(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    let waiting = Settlement::waiting(
        given[0].id,
        event_id(&given[0]),
        receivers(&["a"]),
        vec![Progress::new("b".into(), ReceiverState::Dead)],
    );
    settle(it, &[waiting]);
    it.publish([1]);
    let given = it.receive("one", 10);
    assert!(given[0].handled_by.is_empty());
}
