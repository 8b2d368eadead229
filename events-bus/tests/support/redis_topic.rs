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
use events_bus::transport::{Entry, EntryId, Member, Settlement, Start, Transport};
use events_core::EventMetadata;
use redis::{Connection, cmd};

use super::redis_server::RedisServer;

pub const TOPIC: &str = "stage-orders";

pub const fn member(consumer: &'static str) -> Member<'static> {
    Member {
        topic: TOPIC,
        group: "g",
        consumer,
    }
}

pub fn record(number: u8) -> Record {
    let metadata = EventMetadata::new("org.example.redis.groups.v1");
    Record::new(metadata, [number])
}

pub fn publish(transport: &RedisTransport, numbers: Range<u8>) -> Vec<EntryId> {
    let records: Vec<_> = numbers.map(record).collect();
    let ids = transport.publish(TOPIC, &records, None).unwrap();
    ids.into_iter().map(Option::unwrap).collect()
}

pub fn receive(transport: &RedisTransport, consumer: &'static str, most: usize) -> Vec<Entry> {
    transport
        .receive(member(consumer), most, Duration::ZERO)
        .unwrap()
}

pub fn take_over(transport: &RedisTransport, consumer: &'static str, idle: Duration) -> Vec<Entry> {
    transport
        .take_over(member(consumer), None, idle, 100)
        .unwrap()
}

pub fn numbers(entries: &[Entry]) -> Vec<u8> {
    let numbers = entries
        .iter()
        .map(|entry| entry.record.as_ref().unwrap().body[0]);
    numbers.collect()
}

pub fn finish(transport: &RedisTransport, consumer: &'static str, entries: &[Entry]) {
    let settlements: Vec<_> = entries
        .iter()
        .map(|entry| {
            let event = entry
                .record
                .as_ref()
                .ok()
                .map(|record| record.metadata.id());
            Settlement::finished(entry.id, event, [Arc::from("shop.greet")].into())
        })
        .collect();
    transport
        .settle(member(consumer), &settlements, false)
        .unwrap();
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

pub const HOUR: Duration = Duration::from_hours(1);
