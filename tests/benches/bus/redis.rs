//! Publishing to a Redis server and consuming from it, against the raw client on the same server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    Batch, Epoch, Groups, Leadership, Limit, Log, Member, Receipt, Settlement, SharedTransport,
    Start,
};
use events_bus::{Bus, Record, headers};
use redis::streams::StreamReadReply;
use redis::{Pipeline, cmd};

use crate::memory::{HANDLED, wait_for};
use crate::redis_process::RedisServer;
use crate::{duel, quiet, rate, records, row, timed};

const TOPIC: &str = "enrollments";
const ROUNDS: usize = 7;

pub(crate) fn run() {
    if !is_installed() {
        println!("no redis-server is installed: nothing is measured with Redis\n");
        return;
    }
    let server = RedisServer::start();
    println!("publishing to a Redis server; medians of events per second\n");
    println!("| events per call | raw pipelined XADD | the transport | ratio | bar | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for batch in [1, 100, 1000] {
        let records = records(count(batch));
        let fields: Vec<_> = records.iter().map(fields).collect();
        for (numbered, name) in [(false, "into the stream"), (true, "from an outbox")] {
            let (bar, ours) = duel(
                ROUNDS,
                || raw_publish(&server, &fields, batch),
                || publish(&server, &records, batch, numbered),
            );
            row(&format!("{batch}, {name}"), bar, ours, 0.8);
        }
    }
    println!("\nconsuming from a Redis server; medians of events per second\n");
    println!("| entries per call | raw pipelined XREADGROUP and XACK | ours | ratio | bar | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for batch in [1, 100, 1000] {
        let records = records(count(batch));
        for (window, name) in [(0, "no window for duplicates"), (600, "10 minutes")] {
            let window = Duration::from_secs(window);
            let (bar, ours) = duel(
                ROUNDS,
                || raw_consume(&server, &records, batch),
                || consume(&server, &records, batch, window),
            );
            row(&format!("{batch}, transport, {name}"), bar, ours, 0.7);
            let (bar, ours) = duel(
                ROUNDS,
                || raw_consume(&server, &records, batch),
                || handle(&server, &records, batch, window),
            );
            row(&format!("{batch}, bus, {name}"), bar, ours, 0.7);
        }
    }
    println!();
}

pub(crate) fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join("redis-server").is_file())
}

fn count(batch: usize) -> usize {
    if batch == 1 { 20_000 } else { 30_000 }
}

fn fields(record: &Record) -> Vec<(String, Vec<u8>)> {
    let mut fields = Vec::new();
    headers::write(record, |name, value| {
        fields.push((name.to_owned(), value.as_bytes().to_vec()));
    });
    fields.push((headers::BODY.to_owned(), record.body.to_vec()));
    fields
}

fn raw_publish(server: &RedisServer, all: &[Vec<(String, Vec<u8>)>], batch: usize) -> f64 {
    server.flush_all();
    let mut client = server.client();
    let elapsed = timed(|| {
        for some in all.chunks(batch) {
            let mut pipeline = Pipeline::with_capacity(batch);
            for fields in some {
                let add = pipeline.cmd("XADD").arg(TOPIC).arg("*");
                for (name, value) in fields {
                    add.arg(name.as_str()).arg(value.as_slice());
                }
            }
            let ids: Vec<String> = pipeline.query(&mut client).unwrap();
            assert_eq!(ids.len(), some.len());
        }
    });
    rate(all.len(), elapsed)
}

fn publish(server: &RedisServer, records: &[Record], batch: usize, numbered: bool) -> f64 {
    server.flush_all();
    let transport = server.transport();
    let incarnation = records[0].metadata.id();
    let numbers: Vec<u64> = (1..).take(records.len()).collect();
    let elapsed = timed(|| {
        for (some, numbers) in records.chunks(batch).zip(numbers.chunks(batch)) {
            let count = if numbered {
                let batch = Batch {
                    incarnation,
                    epoch: Epoch::new(1, 1),
                    acknowledged: numbers[0] - 1,
                    numbers,
                };
                match transport.publish_batch(TOPIC, some, batch).unwrap() {
                    Receipt::Published(ids) => ids.len(),
                    Receipt::Disputed(dispute) => panic!("{dispute:?}"),
                }
            } else {
                transport.publish(TOPIC, some).unwrap().len()
            };
            assert_eq!(count, some.len());
        }
    });
    rate(records.len(), elapsed)
}

/// A stream with all records, and a group that has seen none.
fn fill(server: &RedisServer, records: &[Record]) {
    server.flush_all();
    let transport = server.transport();
    for some in records.chunks(1000) {
        transport.publish(TOPIC, some).unwrap();
    }
    transport.join(TOPIC, "bench", Start::Beginning).unwrap();
}

/// One round trip for each batch: what was read before is acknowledged by the same pipeline that reads what is next.
fn raw_consume(server: &RedisServer, records: &[Record], batch: usize) -> f64 {
    fill(server, records);
    let mut client = server.client();
    let elapsed = timed(|| {
        let mut handled = 0;
        let mut ids: Vec<String> = Vec::new();
        while handled < records.len() {
            let mut pipeline = redis::pipe();
            if !ids.is_empty() {
                pipeline
                    .cmd("XACK")
                    .arg(TOPIC)
                    .arg("bench")
                    .arg(&ids)
                    .ignore();
            }
            pipeline
                .cmd("XREADGROUP")
                .arg("GROUP")
                .arg("bench")
                .arg("one")
                .arg("COUNT")
                .arg(batch)
                .arg("STREAMS")
                .arg(TOPIC)
                .arg(">");
            let (reply,): (StreamReadReply,) = pipeline.query(&mut client).unwrap();
            ids.clear();
            for stream in reply.keys {
                for entry in stream.ids {
                    let body: Vec<u8> = entry.get(headers::BODY).unwrap();
                    std::hint::black_box(body);
                    ids.push(entry.id);
                }
            }
            handled += ids.len();
        }
        let acknowledged: usize = cmd("XACK")
            .arg(TOPIC)
            .arg("bench")
            .arg(&ids)
            .query(&mut client)
            .unwrap();
        assert_eq!(acknowledged, ids.len());
    });
    rate(records.len(), elapsed)
}

fn open(server: &RedisServer, window: Duration) -> SharedTransport {
    let mut options = RedisOptions::default();
    options.duplicate_window = window;
    Arc::new(RedisTransport::open(&server.url(), options).unwrap())
}

/// The transport by itself: each batch is received, and settled.
fn consume(server: &RedisServer, records: &[Record], batch: usize, window: Duration) -> f64 {
    fill(server, records);
    let transport = open(server, window);
    let member = Member::new(TOPIC, "bench", "one");
    let handled_by: Arc<[Arc<str>]> = Arc::from([Arc::from("bench.receiver")]);
    let led = transport.lead(member, Duration::from_mins(1)).unwrap();
    let Leadership::Leader(epoch) = led else {
        panic!("nobody else leads");
    };
    let member = member.under(epoch);
    let elapsed = timed(|| {
        let mut handled = 0;
        while handled < records.len() {
            let entries = transport
                .receive(member, Limit::entries(batch), Duration::ZERO)
                .unwrap();
            let settlements: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let event = entry.record.as_ref().unwrap().metadata.id();
                    Settlement::new(entry.id, Some(event), Arc::clone(&handled_by))
                })
                .collect();
            transport.settle(member, &settlements).unwrap();
            handled += entries.len();
        }
    });
    rate(records.len(), elapsed)
}

/// The bus with one worker: received, decoded, dispatched, settled.
fn handle(server: &RedisServer, records: &[Record], batch: usize, window: Duration) -> f64 {
    fill(server, records);
    let transport = open(server, window);
    let mut config = quiet(BusConfig::memory().with_subscription("bench", &[TOPIC]));
    config.consumer.batch = batch;
    HANDLED.store(0, Ordering::Release);
    let mut bus = None;
    let elapsed = timed(|| {
        bus = Some(Bus::builder(config).transport(transport).start().unwrap());
        wait_for(records.len());
        let bus = bus.as_ref().unwrap();
        while bus
            .consumers()
            .iter()
            .any(|consumer| consumer.in_flight() > 0)
        {
            std::thread::sleep(Duration::from_micros(100));
        }
    });
    if let Some(bus) = bus {
        bus.shutdown(Duration::from_mins(1)).unwrap();
    }
    rate(records.len(), elapsed)
}
