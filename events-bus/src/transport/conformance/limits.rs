//! Limits in entries and in bytes.

use std::time::Duration;

use super::setting::{GROUP, MOMENT, Setting, claim_all, member, number, numbers, record};
use super::{Check, promises};
use crate::record::Record;
use crate::transport::{Claim, Entry, Limit};

pub(super) const CHECKS: &[Check] = promises![
    receive_bytes: "receiving hands out at most the limit in bytes, or one entry that alone is larger",
    claim_bytes: "claiming hands out at most the limit in bytes, or one entry that alone is larger",
    claim_entries: "claiming hands out at most the limit in entries",
];

const BYTES: usize = 2_500;

/// Returns records of about 1,000 bytes, with a large one among them.
fn records() -> Vec<Record> {
    (0..12_u64)
        .map(|index| {
            let length = if index == 5 { 10_000 } else { 1_000 };
            let mut body = index.to_le_bytes().to_vec();
            body.resize(length, 7);
            Record {
                body: body.into(),
                ..record(index)
            }
        })
        .collect()
}

fn index(entry: &Entry) -> u64 {
    let record = entry.record.as_ref().expect("the entry holds a record");
    let bytes = record.body[..8].try_into();
    u64::from_le_bytes(bytes.expect("eight bytes"))
}

/// Takes pages until nothing is left. Checks the size of each, and that all entries come in order.
fn check_pages(mut next: impl FnMut(Limit) -> Vec<Entry>) {
    let limit = Limit {
        entries: 100,
        bytes: BYTES,
    };
    let mut seen = Vec::new();
    loop {
        let page = next(limit);
        if page.is_empty() {
            break;
        }
        let size: usize = page.iter().map(Entry::size).sum();
        assert!(
            size <= BYTES || page.len() == 1,
            "{size} bytes in {} entries with a limit of {BYTES}",
            page.len()
        );
        seen.extend(page.iter().map(index));
    }
    assert_eq!(seen, (0..12).collect::<Vec<_>>());
}

fn receive_bytes(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish_records(&records());
    let receive = |limit| it.transport.receive(member("one"), limit, MOMENT);
    check_pages(|limit| receive(limit).expect("receiving succeeds"));
    it.finish("one", &it.claim("one", Duration::ZERO));
    // Requeued records count as others do.
    it.transport
        .requeue(super::setting::TOPIC, GROUP, &records())
        .expect("requeueing succeeds");
    check_pages(|limit| receive(limit).expect("receiving succeeds"));
}

fn claim_bytes(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish_records(&records());
    it.receive("one", 12);
    let mut after = None;
    check_pages(|limit| {
        let claim = Claim {
            after,
            limit,
            ..claim_all(Duration::ZERO)
        };
        let claimed = it.transport.claim(member("two"), claim);
        let entries = claimed.expect("claiming succeeds").entries;
        after = entries.last().map(|entry| entry.id);
        entries
    });
}

fn claim_entries(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..4);
    it.receive("one", 10);
    let claim = |entries| {
        let claim = Claim {
            limit: Limit::entries(entries),
            ..claim_all(Duration::ZERO)
        };
        let claimed = it.transport.claim(member("two"), claim);
        claimed.expect("claiming succeeds").entries
    };
    assert_eq!(claim(0).len(), 0);
    assert_eq!(numbers(&claim(3)), [0, 1, 2]);
    let all = claim(10);
    assert_eq!(numbers(&all), [0, 1, 2, 3]);
    let untouched = all.iter().find(|entry| number(entry) == 3);
    assert_eq!(
        untouched.map(|entry| entry.deliveries),
        Some(2),
        "an entry beyond the limit was not handed out"
    );
}
