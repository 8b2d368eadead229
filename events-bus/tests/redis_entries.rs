//! Entries are those of `edx-event-bus-redis`: what it wrote is read, and what is written here is what it would have written.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis")]

#[path = "support/redis_server.rs"]
mod redis_server;
mod support;

use std::time::Duration;

use events_bus::Record;
use events_bus::transport::{Groups, Limit, Log, Member, Position, Start};
use events_core::EventMetadata;
use redis::cmd;
use redis_server::RedisServer;
use serde_json::Value;
use support::{conformance, hex, text};

/// Names and values.
type Fields = Vec<(String, Vec<u8>)>;

/// The entries of the recorded streams: the stream, the id, and the fields in their order.
fn recorded() -> Vec<(String, String, Fields)> {
    let dump = std::fs::read_to_string(conformance().join("redis_stream_dump.json")).unwrap();
    let dump: Value = serde_json::from_str(&dump).unwrap();
    let mut entries = Vec::new();
    for (stream, list) in dump["streams"].as_object().unwrap() {
        for entry in list.as_array().unwrap() {
            let fields = entry["fields"].as_array().unwrap().iter().map(|field| {
                let name = field[0].as_str().unwrap();
                let value = match name {
                    "event_data" => hex(&serde_json::json!({"hex": field[1]}), "hex"),
                    _ => field[1].as_str().unwrap().as_bytes().to_vec(),
                };
                (name.to_owned(), value)
            });
            let id = text(entry, "id").to_owned();
            entries.push((stream.clone(), id, fields.collect()));
        }
    }
    assert!(entries.len() >= 20, "20 events were recorded");
    entries
}

#[test]
#[cfg_attr(
    not(all(redis_server, conformance)),
    ignore = "needs redis-server and the recorded reference data"
)]
fn what_the_reference_wrote_is_read_and_written_alike() {
    let server = RedisServer::start();
    let transport = server.transport();
    let mut client = server.client();
    let recorded = recorded();
    for (stream, id, fields) in &recorded {
        let mut add = cmd("XADD");
        add.arg(stream).arg(id);
        for (name, value) in fields {
            add.arg(name).arg(value);
        }
        add.exec(&mut client).unwrap();
    }
    let streams: std::collections::BTreeSet<_> =
        recorded.iter().map(|(stream, ..)| stream).collect();
    for stream in streams {
        let entries = transport.read(stream, Position::Oldest, 100).unwrap();
        let of_stream: Vec<_> = recorded.iter().filter(|(of, ..)| of == stream).collect();
        assert_eq!(entries.len(), of_stream.len());
        let records: Vec<Record> = entries
            .into_iter()
            .zip(&of_stream)
            .map(|(entry, (_, id, _))| {
                assert_eq!(entry.id.to_string(), *id);
                entry.record.unwrap()
            })
            .collect();
        let copy = format!("copy-of-{stream}");
        transport.publish(&copy, &records).unwrap();
        let written: Vec<(String, Fields)> = cmd("XRANGE")
            .arg(&copy)
            .arg("-")
            .arg("+")
            .query(&mut client)
            .unwrap();
        assert_eq!(written.len(), of_stream.len());
        for ((_, written), (_, _, recorded)) in written.iter().zip(of_stream) {
            assert_eq!(written, recorded);
        }
    }
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn what_the_reference_does_not_know_comes_last() {
    let server = RedisServer::start();
    let transport = server.transport();
    let metadata = EventMetadata::new("org.example.redis.entries.v1");
    let record = Record::new(metadata, [1, 2])
        .with_key(Some("key"))
        .for_receivers(["one", "two"]);
    transport
        .publish("t", std::slice::from_ref(&record))
        .unwrap();
    let written: Vec<(String, Fields)> = cmd("XRANGE")
        .arg("t")
        .arg("-")
        .arg("+")
        .query(&mut server.client())
        .unwrap();
    let names: Vec<_> = written[0].1.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "type",
            "id",
            "source",
            "time",
            "minorversion",
            "sourcehost",
            "sourcelib",
            "event_data",
            "key",
            "receivers"
        ]
    );
    transport.join("t", "g", Start::Beginning).unwrap();
    let member = Member::new("t", "g", "c");
    let received = transport
        .receive(member, Limit::entries(10), Duration::ZERO)
        .unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].record.as_ref().unwrap(), &record);
}
