//! What goes in comes out.

use std::sync::Arc;

use events_core::{EventMetadata, SourceLib, Timestamp, Uuid};

use super::{Check, GROUP, Setting, TOPIC, promises};
use crate::record::{Record, Requeued};
use crate::trace::TraceContext;
use crate::transport::Position;

pub(super) const CHECKS: &[Check] = promises![
    whole: "a record comes back as it was",
    bodies: "a large body comes back, and an empty one",
];

fn samples() -> Vec<Record> {
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
            .as_requeued(Requeued::new("replay", "again:17-0")),
        Record {
            from_event_bus: true,
            ..Record::new(plain, [7]).with_key(Some(" "))
        },
    ]
}

fn whole(it: &Setting<'_>) {
    let samples = samples();
    it.transport
        .publish(TOPIC, &samples, None)
        .expect("publishing succeeds");
    it.join(GROUP);
    let received = it.receive("one", 100);
    let taken_over = it.take_over("one", std::time::Duration::ZERO);
    let read = it.transport.read(TOPIC, Position::Oldest, 100);
    it.transport
        .requeue(TOPIC, GROUP, &samples)
        .expect("requeueing succeeds");
    let again = it.receive("one", 100);
    for (way, entries) in [
        ("receive", received),
        ("take_over", taken_over),
        ("read", read.expect("reading succeeds")),
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
    let large: Arc<[u8]> = (0..1_000_000_u32)
        .map(|index| index.to_le_bytes()[1])
        .collect();
    let records = [
        Record::new(metadata.clone(), large),
        Record::new(metadata, Vec::new()),
    ];
    it.transport
        .publish(TOPIC, &records, None)
        .expect("publishing succeeds");
    it.join(GROUP);
    let received = it.receive("one", 10);
    assert_eq!(received.len(), 2);
    for (entry, record) in received.iter().zip(&records) {
        assert!(entry.record.as_ref() == Ok(record), "the body is the same");
    }
}
