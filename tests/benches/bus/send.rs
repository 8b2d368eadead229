//! What a routed send costs its caller over one that is not routed, with the outbox in memory.

use std::sync::Arc;
use std::time::Duration;

use events_bus::config::{BusConfig, OutboxStore, WhenFull};
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::*;
use events_bus::{Bus, Record, wire};
use events_catalog::learning::{
    COURSE_ENROLLMENT_CHANGED, COURSE_UNENROLLMENT_COMPLETED, CourseEnrollmentChanged,
    CourseUnenrollmentCompleted,
};
use events_core::Event;

use crate::support::{self, Contender, measure};
use crate::{quiet, samples};

pub(crate) fn run() {
    let mut config = quiet(
        BusConfig::memory().with_route(CourseEnrollmentChanged::INFO.event_type, "enrollments"),
    );
    config.outbox.store = OutboxStore::Memory;
    config.outbox.capacity = 1_000_000;
    config.outbox.when_full = WhenFull::Block(Duration::from_mins(1));
    let bus = Bus::builder(config)
        .transport(Arc::new(Discard::default()))
        .start()
        .unwrap();
    // Two events of the same fields, and none of them has a receiver.
    let enrollment = samples::enrollment().enrollment;
    let changed = CourseEnrollmentChanged {
        enrollment: enrollment.clone(),
    };
    let completed = CourseUnenrollmentCompleted { enrollment };
    let mut out = Vec::with_capacity(1024);
    let mut contenders: Vec<Contender<'_>> = vec![
        support::clock_read(),
        support::contender("encode", |iterations| {
            for _ in 0..iterations {
                out.clear();
                wire::encode_into(&mut out, std::hint::black_box(&changed)).unwrap();
                std::hint::black_box(&out);
            }
        }),
        support::contender("unrouted", |iterations| {
            for _ in 0..iterations {
                let event = CourseUnenrollmentCompleted::clone(&completed);
                assert!(COURSE_UNENROLLMENT_COMPLETED.send_event(event).is_ok());
            }
        }),
        support::contender("routed", |iterations| {
            for _ in 0..iterations {
                let event = CourseEnrollmentChanged::clone(&changed);
                assert!(COURSE_ENROLLMENT_CHANGED.send_event(event).is_ok());
            }
        }),
    ];
    let results = measure(&mut contenders);
    drop(contenders);
    let [clock, encode, unrouted, routed] = results[..] else {
        return;
    };
    let (more, bar) = (routed - unrouted, 2.0 * encode + 10.0 * clock);
    println!("a routed send over one that is not, outbox in memory; medians in ns\n");
    println!(
        "| clock read | encoding | unrouted send | routed send | more | bar: 2 encodings and 10 clock reads | |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let verdict = if more <= bar { "met" } else { "MISSED" };
    println!(
        "| {clock:.0} | {encode:.0} | {unrouted:.0} | {routed:.0} | {more:.0} | {bar:.0} | {verdict} |\n"
    );
    bus.shutdown(Duration::from_mins(1)).unwrap();
}

/// A transport that discards everything, so that only the sender is measured.
#[derive(Debug, Default)]
struct Discard {
    inner: MemoryTransport,
}

impl Log for Discard {
    fn publish(&self, _: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        Ok(vec![EntryId::new(1, 0); records.len()])
    }
    fn publish_batch(
        &self,
        _: &str,
        records: &[Record],
        _: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        Ok(Receipt::Published(vec![None; records.len()]))
    }
    events_bus::delegate_transport!(inner: name, read);
}
events_bus::delegate_transport!(impl Groups, Maintenance for Discard => inner);
