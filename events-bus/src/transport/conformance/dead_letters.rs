//! Dead letters.

use std::sync::Arc;
use std::time::Duration;

use super::setting::{GROUP, LEASE, MOMENT, Setting, TOPIC, done, letter, member, record};
use super::{Check, promises};
use crate::transport::{DeadLetterLimits, DeadReason, Limit, Malformed, Member, Settlement, Start};

pub(super) const CHECKS: &[Check] = promises![
    dead_letters: "a dead letter is stored with its settlement, once",
    listed: "dead letters are listed in order, page by page, and can be dropped",
    letters_apart: "the dead letters of topics are apart from each other",
    letter_limits: "a limit on the number of dead letters removes the oldest, and says how many",
    letter_age: "a limit on the age of dead letters keeps the younger ones",
];

fn dead_letters(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    let letter = letter(&given[0], DeadReason::Exhausted).by_receiver("bad".into(), 5);
    for _ in 0..2 {
        it.settle(&[done(&given[0]).with_dead(vec![letter.clone()])]);
    }
    let letters = it.letters(TOPIC);
    assert_eq!(letters.len(), 1, "settling twice adds no second letter");
    assert_eq!(letters[0].1, letter);
    assert_eq!(it.status().dead_letters, 1);
    assert_eq!(it.group().pending, 0);
}

fn listed(it: &Setting<'_>) {
    it.join(GROUP);
    let reasons = DeadReason::ALL;
    it.publish(0..reasons.len() as u64);
    let given = it.receive("one", reasons.len());
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
        .map(|(entry, letter)| done(entry).with_dead(vec![letter.clone()]))
        .collect();
    it.settle(&settlements);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = it.transport.dead_letters(TOPIC, after, 4);
        let page = page.expect("reading dead letters succeeds");
        let Some((last, _)) = page.last() else { break };
        assert!(page.len() <= 4, "no more than the limit");
        after = Some(*last);
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
        let at = Member {
            topic,
            ..member("one")
        };
        transport
            .join(topic, GROUP, Start::Beginning)
            .expect("joining succeeds");
        transport
            .publish(topic, &[record(1)])
            .expect("publishing succeeds");
        let given = transport.receive(at, Limit::entries(10), MOMENT);
        let given = given.expect("receiving succeeds");
        let letter = letter(&given[0], DeadReason::UnknownType);
        let settlement = Settlement::new(given[0].id, None, Arc::default());
        transport
            .settle(at, &[settlement.with_dead(vec![letter])])
            .expect("settling succeeds");
        entries.push(given[0].id);
    }
    let letters = |topic: &str| {
        let letters = it.letters(topic).into_iter();
        letters.map(|(_, letter)| letter.entry).collect::<Vec<_>>()
    };
    assert_eq!(letters(TOPIC), entries[..1]);
    assert_eq!(letters(OTHER), entries[1..]);
    let ids: Vec<_> = it.letters(TOPIC).iter().map(|(id, _)| *id).collect();
    assert_eq!(transport.drop_dead_letters(TOPIC, &ids).ok(), Some(1));
    assert_eq!(letters(TOPIC), []);
    assert_eq!(letters(OTHER).len(), 1);
}

/// Leaves dead letters of five entries. Their numbers of attempts tell them apart.
fn leave_letters(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..5);
    let given = it.receive("one", 5);
    for (entry, attempts) in given.iter().zip(0..) {
        let letter = letter(entry, DeadReason::Exhausted).by_receiver("bad".into(), attempts);
        it.settle(&[done(entry).with_dead(vec![letter])]);
    }
}

fn trim(it: &Setting<'_>, entries: Option<u64>, age: Option<Duration>) -> u64 {
    // A letter is older than no time at all only a moment later.
    std::thread::sleep(Duration::from_millis(5));
    let limits = DeadLetterLimits { entries, age };
    let trimmed = it.transport.trim_dead_letters(TOPIC, limits);
    trimmed.expect("trimming dead letters succeeds")
}

fn left(it: &Setting<'_>) -> Vec<u32> {
    let letters = it.letters(TOPIC).into_iter();
    letters.map(|(_, letter)| letter.attempts).collect()
}

fn letter_limits(it: &Setting<'_>) {
    leave_letters(it);
    assert_eq!(trim(it, None, None), 0, "no limit keeps all");
    assert_eq!(trim(it, Some(9), None), 0);
    assert_eq!(left(it), [0, 1, 2, 3, 4]);
    assert_eq!(trim(it, Some(3), None), 2);
    assert_eq!(left(it), [2, 3, 4], "the newest stay");
    assert_eq!(it.status().dead_letters, 3);
    assert_eq!(trim(it, Some(0), None), 3);
    assert_eq!(left(it), [] as [u32; 0]);
}

fn letter_age(it: &Setting<'_>) {
    leave_letters(it);
    assert_eq!(trim(it, None, Some(LEASE * 100)), 0, "they are young");
    assert_eq!(trim(it, Some(4), Some(LEASE * 100)), 1, "both limits count");
    assert_eq!(left(it), [1, 2, 3, 4]);
    assert_eq!(trim(it, Some(4), Some(Duration::ZERO)), 4);
    assert_eq!(it.status().dead_letters, 0);
}
