//! One topic and one group on a Redis server, for tests.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::redis::RedisTransport;
use events_bus::transport::{
    Batch, Claim, Claimed, Entry, EntryId, Epoch, Groups, Limit, Log, Member, Receipt, Settlement,
    Start,
};
use events_core::{EventMetadata, Uuid};
use redis::{Connection, cmd};

use super::redis_server::RedisServer;

pub const TOPIC: &str = "stage-orders";
pub const LEASE: Duration = Duration::from_hours(2);
pub const HOUR: Duration = Duration::from_hours(1);

pub const fn member(consumer: &'static str) -> Member<'static> {
    Member::new(TOPIC, "g", consumer)
}

/// Takes the lead for a consumer.
pub fn lead(transport: &RedisTransport, consumer: &'static str) -> Member<'static> {
    let leadership = transport.lead(member(consumer), LEASE).unwrap();
    member(consumer).under(leadership.epoch().unwrap())
}

pub fn record(number: u8) -> Record {
    sized(number, 1)
}

/// A record with a body of this size that begins with the number.
pub fn sized(number: u8, size: usize) -> Record {
    let metadata = EventMetadata::new("org.example.redis.groups.v1");
    let mut body = vec![number; size];
    body[0] = number;
    Record::new(metadata, body)
}

pub fn publish(transport: &RedisTransport, numbers: Range<u8>) -> Vec<EntryId> {
    let records: Vec<_> = numbers.map(record).collect();
    transport.publish(TOPIC, &records).unwrap()
}

/// A batch of one incarnation under one epoch.
pub fn batch(acknowledged: u64, numbers: &[u64]) -> Batch<'_> {
    Batch {
        incarnation: Uuid::from_u128(7),
        epoch: Epoch::new(1, 1),
        acknowledged,
        numbers,
    }
}

/// Returns for each record of a batch `true` if it was appended.
#[track_caller]
pub fn appended(receipt: &Receipt) -> Vec<bool> {
    match receipt {
        Receipt::Published(ids) => ids.iter().map(Option::is_some).collect(),
        Receipt::Disputed(dispute) => panic!("{dispute:?}"),
    }
}

pub fn receive(transport: &RedisTransport, consumer: &'static str, limit: usize) -> Vec<Entry> {
    receive_as(transport, member(consumer), limit)
}

pub fn receive_as(transport: &RedisTransport, member: Member<'_>, limit: usize) -> Vec<Entry> {
    transport
        .receive(member, Limit::entries(limit), Duration::ZERO)
        .unwrap()
}

/// A claim of up to 100 entries, own ones too, of which none is a suspect.
pub const fn claim(idle: Duration) -> Claim {
    Claim {
        after: None,
        own: true,
        idle,
        limit: Limit::entries(100),
        max_deliveries: u64::MAX,
        trial: false,
    }
}

pub fn take_over(transport: &RedisTransport, consumer: &'static str, idle: Duration) -> Vec<Entry> {
    let Claimed { entries, suspect } = transport.claim(member(consumer), claim(idle)).unwrap();
    assert_eq!(suspect, None);
    entries
}

pub fn numbers(entries: &[Entry]) -> Vec<u8> {
    let numbers = entries
        .iter()
        .map(|entry| entry.record.as_ref().unwrap().body[0]);
    numbers.collect()
}

/// The settlement of an entry that a receiver handled.
pub fn settled(entry: &Entry, receiver: &str) -> Settlement {
    let event = entry
        .record
        .as_ref()
        .ok()
        .map(|record| record.metadata.id());
    Settlement::new(entry.id, event, [Arc::from(receiver)].into())
}

pub fn finish(transport: &RedisTransport, consumer: &'static str, entries: &[Entry]) {
    let settlements: Vec<_> = entries
        .iter()
        .map(|entry| settled(entry, "shop.greet"))
        .collect();
    transport.settle(member(consumer), &settlements).unwrap();
}

pub fn joined(server: &RedisServer) -> RedisTransport {
    let transport = server.transport();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    transport
}

/// A group and a read as the Python package does them.
pub fn read_as_python(client: &mut Connection, group: &str, count: usize) -> redis::Value {
    let _ = cmd("XGROUP")
        .arg(&["CREATE", TOPIC, group, "0-0", "MKSTREAM"])
        .query::<()>(client);
    cmd("XREADGROUP")
        .arg(&["GROUP", group, "python"])
        .arg("COUNT")
        .arg(count)
        .arg(&["STREAMS", TOPIC, ">"])
        .query(client)
        .unwrap()
}
