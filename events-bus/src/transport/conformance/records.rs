//! Records come back as they went in.

use std::sync::Arc;
use std::time::Duration;

use events_core::{EventMetadata, SourceLib, Timestamp, Uuid};

use super::setting::{GROUP, Setting, TOPIC, parked, retry_id};
use super::{Check, promises};
use crate::record::{Record, Requeued};
use crate::trace::TraceContext;
use crate::transport::Position;

pub(super) const CHECKS: &[Check] = promises![
    whole: "a record comes back as it was",
    bodies: "a large body comes back, and an empty one",
    large: "a body of 16 MiB goes through every call",
];

/// Returns records that use every field, with extreme values.
pub(super) fn samples() -> Vec<Record> {
    let plain = EventMetadata::new("org.example.conformance.order.placed.v1")
        .with_id(Uuid::from_u128(1))
        .with_time(Timestamp::UNIX_EPOCH);
    let trace = TraceContext::parse(
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        Some("vendor=value"),
    );
    let far = plain
        .clone()
        .with_minor_version(i64::MAX)
        .with_time(Timestamp::MAX)
        .with_id(Uuid::from_u128(u128::MAX))
        .with_source("openedx/Ünï-サービス/web")
        .with_source_host("høst.例え")
        .with_source_lib([1, 2, 3, 4]);
    let early = plain
        .clone()
        .with_minor_version(-3)
        .with_time(Timestamp::MIN)
        .with_source_lib(SourceLib::from([i64::MAX]));
    vec![
        Record::new(plain.clone(), [0, 255, 128]),
        Record::new(far, "\u{0}\n\r".as_bytes())
            .with_key(Some("ключ 鍵 \u{1f511}"))
            .with_trace(trace),
        Record::new(early, [1])
            .for_receivers(["a::b", "c.d"])
            .with_requeued(Requeued::new("replay", "again:17-0")),
        Record {
            from_event_bus: true,
            ..Record::new(plain, [7]).with_key(Some(" "))
        },
    ]
}

fn whole(it: &Setting<'_>) {
    let samples = samples();
    it.publish_records(&samples);
    it.join(GROUP);
    let received = it.receive("one", 100);
    let claimed = it.claim("one", Duration::ZERO);
    let read = it.read(Position::Oldest, 100);
    it.transport
        .requeue(TOPIC, GROUP, &samples)
        .expect("requeueing succeeds");
    let again = it.receive("one", 100);
    for (way, entries) in [
        ("receive", received),
        ("claim", claimed),
        ("read", read),
        ("requeue", again),
    ] {
        assert_eq!(entries.len(), samples.len(), "{way}");
        for (entry, sample) in entries.iter().zip(&samples) {
            assert_eq!(entry.record.as_ref(), Ok(sample), "{way}");
            assert_eq!(
                entry.record.as_ref().map(|record| &record.metadata),
                Ok(&sample.metadata),
                "{way}"
            );
        }
    }
}

fn bodies(it: &Setting<'_>) {
    let metadata = EventMetadata::new("org.example.conformance.order.placed.v1");
    let records = [
        Record::new(metadata.clone(), body(1_000_000)),
        Record::new(metadata, Vec::new()),
    ];
    it.publish_records(&records);
    it.join(GROUP);
    let received = it.receive("one", 10);
    assert_eq!(received.len(), 2);
    for (entry, record) in received.iter().zip(&records) {
        assert!(entry.record.as_ref() == Ok(record), "the body is the same");
    }
}

fn large(it: &Setting<'_>) {
    let metadata = EventMetadata::new("org.example.conformance.order.placed.v1");
    let record = Record::new(metadata, body(16 << 20));
    it.publish_records(std::slice::from_ref(&record));
    it.join(GROUP);
    let is_same = |entry: &crate::transport::Entry| entry.record.as_ref() == Ok(&record);
    let received = it.receive("one", 1);
    assert!(received.iter().all(is_same) && received.len() == 1);
    let claimed = it.claim("one", Duration::ZERO);
    assert!(claimed.iter().all(is_same) && claimed.len() == 1);
    it.settle(&[parked(&claimed[0], &["a"])]);
    let retried = it.claim_retries("one", &[retry_id(claimed[0].id, "a")], Duration::ZERO);
    assert!(retried.iter().all(is_same) && retried.len() == 1);
    it.transport
        .requeue(TOPIC, GROUP, std::slice::from_ref(&record))
        .expect("requeueing succeeds");
    let again = it.receive("one", 1);
    assert!(again.iter().all(is_same) && again.len() == 1);
}

fn body(length: u32) -> Arc<[u8]> {
    (0..length).map(|index| index.to_le_bytes()[1]).collect()
}
