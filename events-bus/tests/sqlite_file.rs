//! What may be wrong with the file of a store, and with its disk: what is said of it, and what is left.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
use events_bus::transport::{
    EntryId, Member, Position, Retention, Settlement, Standing, Start, Transport, TransportError,
    TransportErrorKind,
};
use events_core::EventMetadata;
use rusqlite::Connection;

const MEMBER: Member<'static> = Member {
    topic: "orders",
    group: "billing",
    consumer: "one",
};

/// Nothing stays that was handled.
const NOTHING: Retention = Retention {
    entries: 0,
    age: Duration::ZERO,
    lose_unread_beyond: None,
};

fn options() -> SqliteOptions {
    let mut options = SqliteOptions::default();
    options.sync = Sync::Normal;
    options
}

fn open(path: &Path) -> Result<SqliteTransport, TransportError> {
    SqliteTransport::open(path, options())
}

fn record(number: usize) -> Record {
    let metadata = EventMetadata::new("org.example.shop.order.placed.v1");
    Record::new(metadata, number.to_string().into_bytes())
}

fn records(count: usize) -> Vec<Record> {
    (0..count).map(record).collect()
}

/// The error names the file and says what to do.
fn assert_says(error: &TransportError, kind: TransportErrorKind, path: &Path, words: &str) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(text.contains(&*path.display().to_string()), "{text}");
    assert!(text.contains(words), "{text}");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let notes = "not a database, but somebody's notes\n".repeat(100);
    fs::write(&path, &notes).unwrap();
    let error = open(&path).unwrap_err();
    assert_says(&error, TransportErrorKind::Corrupt, &path, "move it away");
    assert_eq!(fs::read_to_string(&path).unwrap(), notes);
}

#[test]
fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let shop = Connection::open(&path).unwrap();
    shop.execute_batch("CREATE TABLE orders (number INTEGER); INSERT INTO orders VALUES (17)")
        .unwrap();
    let error = open(&path).unwrap_err();
    assert_says(
        &error,
        TransportErrorKind::Refused,
        &path,
        "name another file",
    );
    let tables: i64 = shop
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
    let mode: String = shop
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "delete", "not even that was changed");
}

#[test]
fn the_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    drop(open(&path).unwrap());
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 1000).unwrap();
    drop(file);
    let error = open(&path).unwrap_err();
    assert_says(&error, TransportErrorKind::Refused, &path, "version 1000");
}

#[test]
fn the_file_of_the_first_version_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.publish("orders", &records(3), None).unwrap();
    drop(store);
    let file = Connection::open(&path).unwrap();
    // What that version wrote: the number of the newest entry, with each that is published.
    file.execute_batch(
        "ALTER TABLE topics RENAME COLUMN trimmed TO last;
         UPDATE topics SET last = 3;
         PRAGMA user_version = 1",
    )
    .unwrap();
    drop(file);
    let store = open(&path).unwrap();
    let ids = store.publish("orders", &records(1), None).unwrap();
    assert_eq!(ids, [Some(EntryId::new(4, 0))]);
}

#[test]
fn numbers_are_not_given_twice_when_everything_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.publish("orders", &records(3), None).unwrap();
    let trimmed = store.trim("orders", NOTHING).unwrap();
    assert_eq!(trimmed.entries, 3);
    drop(store);
    let store = open(&path).unwrap();
    store.join("orders", "late", Start::Now).unwrap();
    let status = store.status("orders").unwrap().unwrap();
    assert_eq!((status.entries, status.groups[0].unread), (0, Some(0)));
    let ids = store.publish("orders", &records(1), None).unwrap();
    assert_eq!(ids, [Some(EntryId::new(4, 0))]);
    let status = store.status("orders").unwrap().unwrap();
    assert_eq!((status.entries, status.groups[0].unread), (1, Some(1)));
}

#[test]
fn a_path_that_leads_nowhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not/there/events.db");
    let error = open(&path).unwrap_err();
    assert_says(&error, TransportErrorKind::Refused, &path, "its folder");
    // A folder.
    let error = open(folder.path()).unwrap_err();
    assert_says(
        &error,
        TransportErrorKind::Refused,
        folder.path(),
        "its folder",
    );
}

/// A file whose middle was overwritten: what is read is right or an error, and nothing panics.
#[test]
fn a_damaged_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.publish("orders", &records(2000), None).unwrap();
    store.join("orders", "billing", Start::Beginning).unwrap();
    drop(store);
    let length = fs::metadata(&path).unwrap().len();
    assert!(length > 100_000, "all is in the file itself: {length}");
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(20_480)).unwrap();
    file.write_all(&vec![0xA5; usize::try_from(length).unwrap() - 40_960])
        .unwrap();
    drop(file);

    let mut seen = Vec::new();
    match open(&path) {
        Err(error) => seen.push(error),
        Ok(store) => {
            let mut note = |result: Result<(), TransportError>| seen.extend(result.err());
            note(store.read("orders", Position::Oldest, 5000).map(drop));
            note(store.receive(MEMBER, 5000, Duration::ZERO).map(drop));
            note(store.trim("orders", NOTHING).map(drop));
            note(store.topics().map(drop));
        }
    }
    assert!(!seen.is_empty());
    for error in seen {
        assert_says(
            &error,
            TransportErrorKind::Corrupt,
            &path,
            "restore it from a backup",
        );
        assert!(!error.is_transient());
    }
}

#[test]
fn a_file_cut_short_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.publish("orders", &records(2000), None).unwrap();
    drop(store);
    let length = fs::metadata(&path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(length / 2 + 17).unwrap();
    drop(file);
    let read = open(&path).and_then(|store| store.read("orders", Position::Oldest, 5000));
    let error = read.unwrap_err();
    assert_says(
        &error,
        TransportErrorKind::Corrupt,
        &path,
        "restore it from a backup",
    );
}

/// A backup program holds the file: every caller hears of it, nobody waits behind the others, and afterwards all goes on.
#[test]
fn who_waits_behind_another_process_hears_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let mut options = options();
    options.busy_timeout = Duration::from_millis(300);
    let store = Arc::new(SqliteTransport::open(&path, options).unwrap());
    store.publish("orders", &records(1), None).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let callers: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&store);
            thread::spawn(move || store.publish("orders", &[record(number)], None))
        })
        .collect();
    for caller in callers {
        let error = caller.join().unwrap().unwrap_err();
        assert_says(
            &error,
            TransportErrorKind::Unavailable,
            &path,
            "busy timeout",
        );
        assert!(!error.is_outcome_unknown());
    }
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        store.read("orders", Position::Oldest, 100).unwrap().len(),
        1
    );
    store.publish("orders", &records(1), None).unwrap();
    assert_eq!(
        store.read("orders", Position::Oldest, 100).unwrap().len(),
        2
    );
}

/// The log of writes is taken into the file again and again, also while somebody reads.
#[test]
fn the_log_of_writes_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.join("orders", "billing", Start::Beginning).unwrap();
    let standing = store.lead(MEMBER, Duration::from_mins(1)).unwrap();
    assert_eq!(standing, Standing::Active);
    for _ in 0..100 {
        store.publish("orders", &records(500), None).unwrap();
        let entries = store.receive(MEMBER, 500, Duration::ZERO).unwrap();
        let settlements: Vec<_> = entries
            .iter()
            .map(|entry| Settlement::finished(entry.id, None, Arc::default()))
            .collect();
        store.settle(MEMBER, &settlements, true).unwrap();
        while store.trim("orders", NOTHING).unwrap().entries > 0 {}
    }
    let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    let (file, log) = (size("events.db"), size("events.db-wal"));
    assert!(log < 16 << 20, "{log} bytes of log");
    assert!(file < 4 << 20, "{file} bytes, although all was removed");
}

/// A lease, a wait and a window may be as long as a duration can be.
#[test]
fn no_duration_is_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options();
    options.duplicate_window = Duration::MAX;
    let file = SqliteTransport::open(folder.path().join("events.db"), options).unwrap();
    let memory = MemoryTransport::new().with_duplicate_window(Duration::MAX);
    let stores: [&dyn Transport; 2] = [&file, &memory];
    for store in stores {
        store.join("orders", "billing", Start::Beginning).unwrap();
        let standing = store.lead(MEMBER, Duration::MAX).unwrap();
        assert_eq!(standing, Standing::Active, "{}", store.name());
        store.publish("orders", &records(1), None).unwrap();
        let entries = store.receive(MEMBER, 10, Duration::MAX).unwrap();
        let taken = store.take_over(MEMBER, None, Duration::MAX, 10).unwrap();
        assert_eq!((entries.len(), taken.len()), (1, 1), "{}", store.name());
        let id = entries[0].record.as_ref().unwrap().metadata.id();
        let receivers = Arc::from([Arc::from("shop.invoice")]);
        let settlement = Settlement::finished(entries[0].id, Some(id), receivers);
        store.settle(MEMBER, &[settlement], true).unwrap();
        let again = entries[0].record.clone().unwrap();
        store.publish("orders", &[again], None).unwrap();
        let entries = store.receive(MEMBER, 10, Duration::MAX).unwrap();
        assert_eq!(entries[0].handled_by.len(), 1, "{}", store.name());
    }
}

/// The clock is set back by an hour: leases and claims of before end in the future, and hold nobody up.
#[test]
fn a_clock_that_is_set_back_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.join("orders", "billing", Start::Beginning).unwrap();
    let lead = |member| store.lead(member, Duration::from_mins(1)).unwrap();
    let other = Member {
        consumer: "two",
        ..MEMBER
    };
    assert_eq!(lead(MEMBER), Standing::Active);
    assert_eq!(lead(other), Standing::Standby);
    store.publish("orders", &records(3), None).unwrap();
    assert_eq!(store.receive(MEMBER, 10, Duration::ZERO).unwrap().len(), 3);
    let hour = Duration::from_hours(1);
    assert!(store.take_over(other, None, hour, 10).unwrap().is_empty());
    // What was written an hour later, by a clock that was right then.
    let file = Connection::open(&path).unwrap();
    file.execute_batch(
        "UPDATE groups SET lease_end = lease_end + 3600000000;
         UPDATE pending SET touched = touched + 3600000000",
    )
    .unwrap();
    assert_eq!(lead(other), Standing::Active);
    assert_eq!(store.take_over(other, None, hour, 10).unwrap().len(), 3);
    assert!(
        store.settle(MEMBER, &[], true).is_err(),
        "it no longer leads"
    );
}

/// Services of a machine are started together, and one of them makes the file.
#[test]
fn many_open_a_new_file_at_the_same_time() {
    for _ in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let barrier = std::sync::Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    open(&path).unwrap();
                });
            }
        });
    }
}
