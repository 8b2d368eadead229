//! The duplicate window of the memory transport. The promises of all transports are in `transports.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{Entry, Groups, Limit, Log, Member, Settlement, Start};
use events_core::EventMetadata;

const MEMBER: Member<'static> = Member::new("orders", "billing", "one");

fn joined(window: Duration) -> MemoryTransport {
    let transport = MemoryTransport::new().with_duplicate_window(window);
    transport
        .join("orders", "billing", Start::Beginning)
        .unwrap();
    transport
}

fn record() -> Record {
    Record::new(
        EventMetadata::new("org.example.shop.order.placed.v1"),
        [34, 0],
    )
}

/// Publishes, and receives what was published.
fn pass(transport: &MemoryTransport, records: &[Record]) -> Vec<Entry> {
    transport.publish("orders", records).unwrap();
    transport
        .receive(MEMBER, Limit::entries(records.len()), Duration::ZERO)
        .unwrap()
}

fn finish(transport: &MemoryTransport, entries: &[Entry]) {
    let by: Arc<[Arc<str>]> = Arc::from([Arc::from("shop.greet")]);
    let settlements: Vec<_> = entries
        .iter()
        .map(|entry| {
            let event = entry.record.as_ref().unwrap().metadata.id();
            Settlement::new(entry.id, Some(event), Arc::clone(&by))
        })
        .collect();
    transport.settle(MEMBER, &settlements).unwrap();
}

#[test]
fn a_duplicate_is_none_after_the_window() {
    let window = Duration::from_millis(200);
    let transport = joined(window);
    let record = [record()];
    finish(&transport, &pass(&transport, &record));
    thread::sleep(window * 2);
    assert!(pass(&transport, &record)[0].handled_by.is_empty());
}

#[test]
fn what_is_remembered_does_not_grow_with_what_was_handled() {
    let transport = joined(Duration::from_hours(1));
    let first = [record()];
    finish(&transport, &pass(&transport, &first));
    for _ in 0..99 {
        let records: Vec<_> = (0..1000).map(|_| record()).collect();
        finish(&transport, &pass(&transport, &records));
    }
    assert_eq!(
        pass(&transport, &first)[0].handled_by,
        [Arc::from("shop.greet")]
    );
    let records: Vec<_> = (0..1000).map(|_| record()).collect();
    finish(&transport, &pass(&transport, &records));
    assert!(pass(&transport, &first)[0].handled_by.is_empty());
}
