//! Publishing to a file and consuming from it, against a raw prepared insert loop with the same commits and the same durability.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::Log;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
use events_bus::{Bus, Record};
use rusqlite::{Connection, params};

use crate::memory::{HANDLED, wait_for};
use crate::{duel, quiet, rate, records, row, timed};

pub(crate) fn run() {
    println!("publishing to a file; medians of events per second\n");
    println!("| events per commit, durability | raw inserts | the transport | ratio | bar | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (sync, name) in [(Sync::Normal, "normal"), (Sync::Full, "full")] {
        for batch in [1, 100, 1000] {
            let count = match (batch, sync) {
                (1, Sync::Full) => 2_000,
                (1, _) => 10_000,
                _ => 50_000,
            };
            let records = records(count);
            let (bar, ours) = duel(
                5,
                || raw(&records, batch, sync),
                || transport(&records, batch, sync),
            );
            row(&format!("{batch}, {name}"), bar, ours, 0.7);
        }
    }
    println!("\nconsuming from a file, one worker; events per second\n");
    println!("| entries per call | the bus |");
    println!("| --- | --- |");
    for batch in [1, 100, 1000] {
        let count = if batch == 1 { 5_000 } else { 50_000 };
        let rates = (0..crate::rounds(3))
            .map(|_| consume(&records(count), batch))
            .collect();
        println!("| {batch} | {:.0} |", crate::support::median(rates));
    }
    println!();
}

fn options(sync: Sync) -> SqliteOptions {
    let mut options = SqliteOptions::default();
    options.sync = sync;
    options
}

/// What one would write who has one table for all.
fn raw(records: &[Record], batch: usize, sync: Sync) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = open(&folder.path().join("raw.db"), sync);
    connection
        .execute_batch(
            "CREATE TABLE entries (id INTEGER PRIMARY KEY, topic TEXT, event_type TEXT, event_id TEXT, source TEXT, time TEXT,
             minorversion TEXT, sourcehost TEXT, sourcelib TEXT, key TEXT, body BLOB)",
        )
        .unwrap();
    // Texts are made beforehand: the bar is what the database costs.
    let rows: Vec<_> = records
        .iter()
        .map(|record| {
            let metadata = &record.metadata;
            (
                metadata.id().to_string(),
                metadata.time().to_string(),
                metadata.minor_version().to_string(),
                metadata.source_lib().to_string(),
            )
        })
        .collect();
    let elapsed = timed(|| {
        for (records, rows) in records.chunks(batch).zip(rows.chunks(batch)) {
            let transaction = connection.transaction().unwrap();
            {
                let mut insert = transaction
                    .prepare_cached(
                        "INSERT INTO entries (topic, event_type, event_id, source, time, minorversion, sourcehost, sourcelib, key, body)
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    )
                    .unwrap();
                for (record, (id, time, minor, lib)) in records.iter().zip(rows) {
                    let metadata = &record.metadata;
                    insert
                        .execute(params![
                            "enrollments",
                            metadata.event_type(),
                            id,
                            metadata.source(),
                            time,
                            minor,
                            metadata.source_host(),
                            lib,
                            record.key.as_deref(),
                            &*record.body
                        ])
                        .unwrap();
                }
            }
            transaction.commit().unwrap();
        }
    });
    rate(records.len(), elapsed)
}

fn open(path: &Path, sync: Sync) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    let sync = if sync == Sync::Full { "FULL" } else { "NORMAL" };
    connection.pragma_update(None, "synchronous", sync).unwrap();
    connection
}

fn transport(records: &[Record], batch: usize, sync: Sync) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.db");
    let transport = SqliteTransport::open(path, options(sync)).unwrap();
    let elapsed = timed(|| {
        for records in records.chunks(batch) {
            transport.publish("enrollments", records).unwrap();
        }
    });
    rate(records.len(), elapsed)
}

fn consume(records: &[Record], batch: usize) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.db");
    let transport = SqliteTransport::open(path, options(Sync::Full)).unwrap();
    for records in records.chunks(1000) {
        transport.publish("enrollments", records).unwrap();
    }
    let mut config = quiet(BusConfig::memory().with_subscription("bench", &["enrollments"]));
    config.consumer.batch = batch;
    HANDLED.store(0, Ordering::Release);
    let mut bus = None;
    let elapsed = timed(|| {
        bus = Some(
            Bus::builder(config)
                .transport(Arc::new(transport))
                .start()
                .unwrap(),
        );
        wait_for(records.len());
    });
    if let Some(bus) = bus {
        bus.shutdown(Duration::from_mins(1)).unwrap();
    }
    rate(records.len(), elapsed)
}
