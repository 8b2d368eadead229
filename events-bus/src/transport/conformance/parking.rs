//! Parking: an entry is finished, and its deliveries go into the retry queue, in one step.

use std::sync::Arc;
use std::time::Duration;

use events_core::Timestamp;

use super::records::samples;
use super::setting::{
    GROUP, LEASE, MOMENT, Setting, TOPIC, done, done_by, handled_by, letter, member_of, numbers,
    parked, record, retry_id, retry_state,
};
use super::{Check, promises};
use crate::transport::{DeadReason, Entry, Limit, Member, Queue, Retention, RetryState, Start};

pub(super) const CHECKS: &[Check] = promises![
    parks: "parking finishes the entry and stores one delivery for each receiver",
    parks_with_letters: "an entry is parked for some receivers, dead for others and handled by others in one step",
    parks_whole: "a parked record comes back as it was",
    parks_states: "key, attempts, error, due time and delay come back exactly",
    parks_once: "settling an entry twice parks it once",
    parks_outlive_trimming: "parked deliveries outlive the trimming of their topic",
    parks_requeued: "a requeued record is parked as any other",
    parks_apart: "the retry queues of groups and topics are apart from each other",
];

fn parks(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    let given = it.receive("one", 10);
    assert_eq!(it.retries(), []);
    it.settle(&[parked(&given[0], &["a", "b"])]);
    let group = it.group();
    assert_eq!((group.pending, group.parked), (1, 2));
    assert_eq!(group.lag(), Some(1), "parked deliveries do not count");
    assert_eq!(numbers(&it.claim("one", Duration::ZERO)), [1]);
    let retries = it.retries();
    let of = |(id, state): &(_, RetryState)| (*id, state.receiver.to_string());
    let mut listed: Vec<_> = retries.iter().map(of).collect();
    listed.sort();
    let id = given[0].id;
    assert_eq!(listed, [(id, "a".to_owned()), (id, "b".to_owned())]);
    // Another process sees them, too.
    let other = it.other().retries(member_of(GROUP, "two"));
    assert_eq!(other.expect("the queue can be read"), retries);
    let entries = it.claim_retries("one", &[retry_id(id, "b")], Duration::ZERO);
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((entry.id, entry.deliveries, entry.trials), (id, 1, 0));
    assert_eq!(entry.record, given[0].record);
    assert_eq!(entry.retry.as_deref(), Some(&retry_state("b", 1)));
}

fn parks_with_letters(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    let letter = letter(&given[0], DeadReason::Permanent).by_receiver("dead".into(), 1);
    let record = given[0].record.clone().expect("a record");
    let settlement = done_by(&given[0], &["good"])
        .with_parked(record, vec![retry_state("bad", 2)])
        .with_dead(vec![letter.clone()]);
    it.settle(&[settlement]);
    let group = it.group();
    assert_eq!((group.pending, group.parked), (0, 1));
    assert_eq!(it.retries(), [(given[0].id, retry_state("bad", 2))]);
    let letters: Vec<_> = it.letters(TOPIC).into_iter().map(|(_, it)| it).collect();
    assert_eq!(letters, [letter]);
    it.publish([1]);
    let again = it.receive("one", 10);
    assert_eq!(handled_by(&again[0]), ["good"]);
}

fn parks_whole(it: &Setting<'_>) {
    let samples = samples();
    it.join(GROUP);
    it.publish_records(&samples);
    let given = it.receive("one", samples.len());
    let settlements: Vec<_> = given.iter().map(|entry| parked(entry, &["a"])).collect();
    it.settle(&settlements);
    let ids: Vec<_> = given.iter().map(|entry| retry_id(entry.id, "a")).collect();
    let other = it.other();
    let entries = other.claim_retries(member_of(GROUP, "two"), &ids, Duration::ZERO, false);
    let entries = entries.expect("claiming retries succeeds");
    assert_eq!(entries.len(), samples.len());
    for (entry, sample) in entries.iter().zip(&samples) {
        assert_eq!(entry.record.as_ref(), Ok(sample));
        let metadata = entry.record.as_ref().map(|record| &record.metadata);
        assert_eq!(metadata, Ok(&sample.metadata));
    }
}

/// Returns states that use every field, with extreme values.
fn states() -> Vec<RetryState> {
    let state = |receiver: &str, key: Option<&str>, attempts, error: &str, due, delay| RetryState {
        receiver: receiver.into(),
        key: key.map(Arc::from),
        attempts,
        error: error.into(),
        due: Timestamp::from_micros(due).expect("a time"),
        delay,
    };
    let now = 1_795_376_013_252_123;
    vec![
        state("shop::mail", None, 0, "", now, Duration::ZERO),
        state("shop::post", Some(""), 1, " ", 0, Duration::from_nanos(1)),
        state(
            "ключ:鍵\u{1f511} 1/2",
            Some("ключ 鍵:\u{1f511}\n\0"),
            u32::MAX,
            "ü\n\0\"{}\\: \u{1f511}",
            now + 1,
            Duration::new(3600, 999_999_999),
        ),
        state(
            "shop::late",
            Some("7"),
            7,
            &"long ".repeat(5_000),
            Timestamp::MAX.as_micros(),
            Duration::from_hours(24 * 365),
        ),
        state(
            "shop::early",
            Some("null"),
            2,
            "null",
            Timestamp::MIN.as_micros(),
            Duration::from_micros(1_500_001),
        ),
    ]
}

fn parks_states(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    let mut states = states();
    let record = given[0].record.clone().expect("a record");
    it.settle(&[done(&given[0]).with_parked(record, states.clone())]);
    let sort = |states: &mut Vec<RetryState>| states.sort_by(|a, b| a.receiver.cmp(&b.receiver));
    sort(&mut states);
    let mut listed: Vec<_> = it.retries().into_iter().map(|(_, state)| state).collect();
    sort(&mut listed);
    assert_eq!(listed, states);
    for state in &states {
        let id = retry_id(given[0].id, &state.receiver);
        let entries = it.claim_retries("one", &[id], Duration::ZERO);
        let found: Vec<_> = entries.iter().map(|entry| entry.retry.as_deref()).collect();
        assert_eq!(found, [Some(state)]);
    }
}

fn parks_once(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let given = it.receive("one", 10);
    it.settle(&[parked(&given[0], &["a"])]);
    it.settle(&[parked(&given[0], &["a", "b"])]);
    assert_eq!(it.retries(), [(given[0].id, retry_state("a", 1))]);
    let id = retry_id(given[0].id, "a");
    let retried = it.claim_retries("one", std::slice::from_ref(&id), Duration::ZERO);
    it.settle(&[done(&retried[0]).of_retry("a".into())]);
    it.settle(&[parked(&given[0], &["a"])]);
    assert_eq!(it.retries(), [], "the entry was settled long ago");
}

fn parks_outlive_trimming(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..4);
    let given = it.receive("one", 4);
    let settlements: Vec<_> = given[..3]
        .iter()
        .map(|entry| parked(entry, &["a"]))
        .collect();
    it.settle(&settlements);
    assert_eq!(
        it.trim(Retention::default()).entries,
        3,
        "a parked entry is finished"
    );
    let lossy = Retention {
        lose_unread_beyond: Some(0),
        ..Retention::default()
    };
    let trimmed = it.trim(lossy);
    assert_eq!((trimmed.entries, trimmed.unread), (1, 1));
    assert_eq!(it.status().entries, 0);
    assert_eq!(it.group().parked, 3);
    let ids: Vec<_> = it
        .retries()
        .into_iter()
        .map(|(id, state)| (id, state.receiver))
        .collect();
    let retried = it.claim_retries("one", &ids, Duration::ZERO);
    assert_eq!(numbers(&retried), [0, 1, 2]);
    // New entries do not take the ids of the trimmed ones.
    let id = it.publish([9])[0];
    assert!(id > given[3].id);
}

fn parks_requeued(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([0]);
    it.requeue([7]);
    let given = it.receive("one", 10);
    assert_eq!(numbers(&given), [7, 0]);
    let settlements: Vec<_> = given.iter().map(|entry| parked(entry, &["a"])).collect();
    it.settle(&settlements);
    let group = it.group();
    assert_eq!((group.pending, group.requeued, group.parked), (0, 0, 2));
    let retries = it.retries();
    let ids: Vec<_> = retries.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [given[0].id, given[1].id]);
    assert_eq!(ids[0].queue(), Queue::Redelivery);
    let retried = it.claim_retries("one", &[retry_id(ids[0], "a")], Duration::ZERO);
    assert_eq!(numbers(&retried), [7]);
    it.settle(&[done(&retried[0]).of_retry("a".into())]);
    assert_eq!(it.retries(), [(given[1].id, retry_state("a", 1))]);
}

fn parks_apart(it: &Setting<'_>) {
    const OTHER: &str = "another";
    it.join(GROUP);
    it.join("other");
    it.transport
        .join(OTHER, GROUP, Start::Beginning)
        .expect("joining succeeds");
    it.publish([1]);
    let published = it.transport.publish(OTHER, &[record(2)]);
    published.expect("publishing succeeds");
    let elsewhere = Member::new(OTHER, GROUP, "one");
    let members = [
        (member_of(GROUP, "one"), "a"),
        (member_of("other", "one"), "b"),
        (elsewhere, "c"),
    ];
    let mut parked_entries: Vec<Entry> = Vec::new();
    for (member, receiver) in members {
        let given = it.transport.receive(member, Limit::entries(10), MOMENT);
        let given = given.expect("receiving succeeds");
        let settled = it
            .transport
            .settle(member, &[parked(&given[0], &[receiver])]);
        settled.expect("settling succeeds");
        parked_entries.extend(given);
    }
    for ((member, receiver), entry) in members.into_iter().zip(&parked_entries) {
        let retries = it.transport.retries(member);
        let retries = retries.expect("the queue can be read");
        assert_eq!(retries, [(entry.id, retry_state(receiver, 1))]);
        for foreign in ["a", "b", "c"] {
            let id = retry_id(entry.id, foreign);
            let claimed = it.transport.claim_retries(member, &[id], LEASE, false);
            let claimed = claimed.expect("claiming retries succeeds");
            assert_eq!(claimed.len(), usize::from(foreign == receiver));
        }
    }
    let settled = it.transport.settle(
        member_of("other", "one"),
        &[done(&parked_entries[0]).of_retry("a".into())],
    );
    settled.expect("settling nothing is no error");
    assert_eq!(it.group().parked, 1, "another group does not settle it");
    assert_eq!(it.group_of("other").parked, 1);
}
