//! An outbox in a file: it does not grow, and a backup of it that was made while it was at work is safe to restore.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod producer;
}

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use events_bus::transport::SharedTransport;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};

use support::bus::eventually;
use support::producer::{
    LONG, OUTBOX, TOPIC, drain, first_seen, incarnations, memory, numbers, put, start, start_with,
};

fn open(path: &Path) -> SharedTransport {
    let mut options = SqliteOptions::default();
    options.sync = Sync::Normal;
    Arc::new(SqliteTransport::open(path, options).unwrap())
}

#[test]
fn published_rows_beyond_20_000_leave_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, transport) = (open(&folder.path().join("outbox.db")), memory());
    let bus = start(&store, &transport);
    for first in (1..30_000).step_by(1_000) {
        put(&store, first..=first + 999);
    }
    bus.flush(Duration::from_mins(2)).unwrap();
    let rows = || store.status(OUTBOX).unwrap().unwrap().entries;
    eventually(|| rows() <= 20_500, || format!("few rows stay: {}", rows()));
    assert!(rows() >= 20_000, "{}", rows());
    assert_eq!(numbers(&transport, TOPIC).len(), 30_000);
    bus.shutdown(LONG).unwrap();
    // The next start finds them, and goes on at the next number.
    put(&store, 30_001..=30_001);
    let bus = start(&store, &transport);
    bus.flush(LONG).unwrap();
    let stats = bus.producer_stats();
    assert_eq!(
        (stats.published, stats.new_incarnations, stats.republished),
        (1, 0, 0)
    );
    bus.shutdown(LONG).unwrap();
}

#[test]
fn a_backup_of_an_outbox_at_work_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let (store, transport) = (open(&path), memory());
    let bus = start_with(&store, &transport, |config| config.outbox.max_batch = 7);
    for first in (1..400).step_by(20) {
        put(&store, first..=first + 19);
        if first == 1 {
            // From here on the store has its identity.
            bus.flush(LONG).unwrap();
        }
        if first == 201 {
            store.backup(&folder.path().join("backup.db")).unwrap();
        }
    }
    bus.flush(LONG).unwrap();
    bus.shutdown(LONG).unwrap();
    drop(store);

    let backup = open(&folder.path().join("backup.db"));
    put(&backup, 1_001..=1_050);
    let bus = start(&backup, &transport);
    bus.flush(LONG).unwrap();
    assert_eq!(bus.producer_stats().new_incarnations, 1);
    bus.shutdown(LONG).unwrap();
    let published = numbers(&transport, TOPIC);
    let expected: Vec<_> = (1..=400).chain(1_001..=1_050).collect();
    assert_eq!(first_seen(&published), expected);
    // At worst what waited when the backup was made is there twice.
    assert!(published.len() <= 450 + 220, "{}", published.len());
    assert_eq!(incarnations(&backup).len(), 2);
}

#[test]
fn two_processes_take_turns_with_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let transport = memory();
    let stores = [open(&path), open(&path)];
    let mut buses = stores
        .each_ref()
        .map(|store| Some(start(store, &transport)));
    for round in 0..10 {
        let first = round * 100 + 1;
        put(&stores[usize::from(round % 2 == 0)], first..=first + 99);
        // Either process may be the one that publishes; the other takes over at once when it stops.
        let index = usize::from(round % 3 == 0);
        buses[index].take().unwrap().shutdown(LONG).unwrap();
        buses[index] = Some(start(&stores[index], &transport));
        for bus in buses.iter().flatten() {
            bus.flush(Duration::from_secs(8)).unwrap();
        }
    }
    for bus in buses.into_iter().flatten() {
        bus.shutdown(LONG).unwrap();
    }
    assert_eq!(numbers(&transport, TOPIC), (1..=1_000).collect::<Vec<_>>());
    drain(&stores[0], &transport);
}
