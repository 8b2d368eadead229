//! Looking at the store of a running service: nobody waits, and nothing is created or changed.

#![cfg(all(feature = "sqlite", unix))]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use events_bus::Record;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport};
use events_bus::transport::{
    DeadLetterLimits, Groups, Limit, Log, Maintenance, Member, Position, Retention, Start,
    TransportErrorKind,
};
use events_core::EventMetadata;
use rusqlite::Connection;

const MEMBER: Member<'static> = Member::new("orders", "billing", "one");

fn open(path: &Path) -> SqliteTransport {
    SqliteTransport::open(path, SqliteOptions::default()).unwrap()
}

fn records(count: usize) -> Vec<Record> {
    (0..count)
        .map(|_| {
            let metadata = EventMetadata::new("org.example.shop.order.placed.v1");
            Record::new(metadata, vec![7; 100])
        })
        .collect()
}

/// Names, sizes and times of the files in a folder.
///
/// To read the file of a store that this process has open would end its locks: the system does that when *any* handle is closed.
fn stamps(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let metadata = fs::metadata(&path).unwrap();
            // The index of the log is shared memory: its content is no data.
            let is_index = path.to_string_lossy().ends_with("-shm");
            let changed = metadata.modified().unwrap();
            let stamp = if is_index {
                (0, SystemTime::UNIX_EPOCH)
            } else {
                (metadata.len(), changed)
            };
            (path, stamp)
        })
        .collect()
}

/// Content of the files in a folder whose store this process does not have open.
#[derive(PartialEq)]
struct Content(BTreeMap<PathBuf, Vec<u8>>);

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes = self.0.iter().map(|(path, bytes)| (path, bytes.len()));
        f.debug_map().entries(sizes).finish()
    }
}

fn content(folder: &Path) -> Content {
    let paths = stamps(folder).into_keys().filter(|path| path.is_file());
    Content(
        paths
            .map(|path| (path.clone(), fs::read(&path).unwrap()))
            .collect(),
    )
}

fn entries(store: &SqliteTransport) -> u64 {
    store.status("orders").unwrap().unwrap().entries
}

#[test]
fn a_store_is_read_while_another_program_holds_the_write_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let service = open(&path);
    service.publish("orders", &records(3)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = stamps(folder.path());
    let begun = Instant::now();
    let store = SqliteTransport::open_read_only(&path).unwrap();
    assert_eq!(entries(&store), 3);
    assert_eq!(store.topics().unwrap().len(), 1);
    assert_eq!(store.read("orders", Position::Oldest, 2).unwrap().len(), 2);
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(1), "{taken:?}");
    assert_eq!(stamps(folder.path()), before);
    // It sees each commit.
    other.execute_batch("ROLLBACK").unwrap();
    service.publish("orders", &records(2)).unwrap();
    assert_eq!(entries(&store), 5);
}

/// Another process of its own, so that the locks are not those of this one.
#[test]
fn a_store_is_read_beside_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    open(&path).publish("orders", &records(3)).unwrap();
    let Ok(mut python) = Command::new("python3")
        .arg("-c")
        .arg(
            "import sqlite3, sys, time\n\
             c = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
             c.execute('begin immediate'); print('held', flush=True); time.sleep(30)",
        )
        .arg(&path)
        .stdout(std::process::Stdio::piped())
        .spawn()
    else {
        eprintln!("not tested: there is no python3");
        return;
    };
    let mut held = [0; 4];
    std::io::Read::read_exact(python.stdout.as_mut().unwrap(), &mut held).unwrap();
    let before = content(folder.path());
    let begun = Instant::now();
    let store = SqliteTransport::open_read_only(&path).unwrap();
    let read = entries(&store);
    let taken = begun.elapsed();
    let after = content(folder.path());
    python.kill().unwrap();
    python.wait().unwrap();
    assert_eq!(read, 3);
    assert!(taken < Duration::from_secs(1), "{taken:?}");
    assert_eq!(after, before);
}

/// Files of a killed process: a log that nobody has taken into the file, and an index that nobody uses.
#[test]
fn a_store_that_nobody_uses_is_read_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    open(&path).publish("orders", &records(3)).unwrap();
    let log = fs::metadata(folder.path().join("events.db-wal")).unwrap();
    assert!(log.len() > 0, "closing does not take the log into the file");
    let before = content(folder.path());
    assert_eq!(entries(&SqliteTransport::open_read_only(&path).unwrap()), 3);
    assert_eq!(content(folder.path()), before);
    // A copy without the index.
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["events.db", "events.db-wal"] {
        fs::copy(folder.path().join(name), copy.join(name)).unwrap();
    }
    let store = SqliteTransport::open_read_only(copy.join("events.db")).unwrap();
    assert_eq!(entries(&store), 3);
    for name in ["events.db", "events.db-wal"] {
        assert_eq!(
            fs::read(copy.join(name)).unwrap(),
            before.0[&folder.path().join(name)]
        );
    }
}

#[test]
fn a_file_alone_is_read_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    // A name with signs that mean something in a URI.
    let path = folder.path().join("50% of? #1 événements.db");
    open(&path).publish("orders", &records(3)).unwrap();
    let file = Connection::open(&path).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(file);
    for suffix in ["-wal", "-shm", "-turn"] {
        let name = format!("{}{suffix}", path.display());
        drop(fs::remove_file(name));
    }
    let before = content(folder.path());
    assert_eq!(before.0.len(), 1);
    let store = SqliteTransport::open_read_only(&path).unwrap();
    assert_eq!(entries(&store), 3);
    assert_eq!(content(folder.path()), before);
    // A service begins to use it.
    let service = open(&path);
    service.publish("orders", &records(2)).unwrap();
    assert_eq!(entries(&store), 5);
}

#[test]
fn a_store_is_read_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let service = Arc::new(open(&path));
    service.publish("orders", &records(1)).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let publisher = thread::spawn({
        let (service, is_over) = (Arc::clone(&service), Arc::clone(&is_over));
        move || {
            let records = records(100);
            while !is_over.load(Ordering::Relaxed) {
                service.publish("orders", &records).unwrap();
            }
        }
    });
    let begun = Instant::now();
    let mut last = 0;
    while begun.elapsed() < Duration::from_millis(500) {
        let store = SqliteTransport::open_read_only(&path).unwrap();
        let now = entries(&store);
        assert!(now >= last && now % 100 == 1, "{now} after {last}");
        last = now;
    }
    is_over.store(true, Ordering::Relaxed);
    publisher.join().unwrap();
    assert!(last > 100);
}

#[test]
fn nothing_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let error = SqliteTransport::open_read_only(&path).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
    assert!(stamps(folder.path()).is_empty());
    // An empty file is no store yet.
    fs::write(&path, "").unwrap();
    let error = SqliteTransport::open_read_only(&path).unwrap_err();
    assert!(error.to_string().contains("holds no events yet"), "{error}");
    fs::write(&path, "somebody's notes, no database at all".repeat(100)).unwrap();
    let error = SqliteTransport::open_read_only(&path).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Corrupt, "{error}");
    assert_eq!(stamps(folder.path()).len(), 1);
}

#[test]
fn every_change_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let service = open(&path);
    service.publish("orders", &records(3)).unwrap();
    service.join("orders", "billing", Start::Beginning).unwrap();
    let before = stamps(folder.path());
    let store = SqliteTransport::open_read_only(&path).unwrap();
    let errors = [
        store.publish("orders", &records(1)).unwrap_err(),
        store.join("orders", "other", Start::Now).unwrap_err(),
        store.lead(MEMBER, Duration::ZERO).unwrap_err(),
        store.renew(MEMBER, Duration::ZERO, &[]).unwrap_err(),
        store
            .receive(MEMBER, Limit::entries(1), Duration::ZERO)
            .unwrap_err(),
        store.settle(MEMBER, &[]).unwrap_err(),
        store.release(MEMBER).unwrap_err(),
        store.requeue("orders", "billing", &records(1)).unwrap_err(),
        store
            .claim_retries(MEMBER, &[], Duration::ZERO, false)
            .unwrap_err(),
        store.drop_dead_letters("orders", &[]).unwrap_err(),
        store
            .trim_dead_letters("orders", DeadLetterLimits::default())
            .unwrap_err(),
        store.trim("orders", Retention::default()).unwrap_err(),
        store.delete_group("orders", "billing").unwrap_err(),
        store.vacuum().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
        assert!(error.to_string().contains("reading alone"), "{error}");
    }
    assert_eq!(stamps(folder.path()), before);
}
