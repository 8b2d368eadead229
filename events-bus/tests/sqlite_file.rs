//! Damaged, foreign and contended files of a store: the errors, and the data that is left.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

#[path = "parts/sqlite_file_time.rs"]
mod time;

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
    Claim, EntryId, Groups, Leadership, Limit, Log, Maintenance, Member, Position, Retention,
    Settlement, Start, Transport, TransportError, TransportErrorKind,
};
use events_core::EventMetadata;
use rusqlite::Connection;

const MEMBER: Member<'static> = Member::new("orders", "billing", "one");

/// Keeps nothing that was handled.
const NOTHING: Retention = Retention {
    entries: 0,
    age: Duration::ZERO,
    before: None,
    lose_unread_beyond: None,
};

/// Claims every entry that was not touched for a time.
fn claim_idle(idle: Duration) -> Claim {
    Claim {
        after: None,
        own: true,
        idle,
        limit: Limit::entries(10),
        max_deliveries: 5,
        trial: false,
    }
}

/// Takes the lead and returns the member that acts under it.
fn lead<'a>(store: &dyn Transport, member: Member<'a>, lease: Duration) -> Option<Member<'a>> {
    match store.lead(member, lease).unwrap() {
        Leadership::Leader(epoch) => Some(member.under(epoch)),
        _ => None,
    }
}

/// Moves the log of writes into the file.
fn checkpoint(path: &Path) {
    let file = Connection::open(path).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
}

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
fn the_file_of_an_older_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    drop(open(&path).unwrap());
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 2).unwrap();
    drop(file);
    let error = open(&path).unwrap_err();
    assert_says(
        &error,
        TransportErrorKind::Refused,
        &path,
        "version 2 of the tables, and this program has version 3; finish its events with the program that wrote it",
    );
}

#[test]
fn numbers_are_not_given_twice_when_everything_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.publish("orders", &records(3)).unwrap();
    let trimmed = store.trim("orders", NOTHING).unwrap();
    assert_eq!(trimmed.entries, 3);
    drop(store);
    let store = open(&path).unwrap();
    store.join("orders", "late", Start::Now).unwrap();
    let status = store.status("orders").unwrap().unwrap();
    assert_eq!((status.entries, status.groups[0].unread), (0, Some(0)));
    let ids = store.publish("orders", &records(1)).unwrap();
    assert_eq!(ids, [EntryId::new(4, 0)]);
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
    store.publish("orders", &records(2000)).unwrap();
    store.join("orders", "billing", Start::Beginning).unwrap();
    drop(store);
    checkpoint(&path);
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
            note(
                store
                    .receive(MEMBER, Limit::entries(5000), Duration::ZERO)
                    .map(drop),
            );
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
    store.publish("orders", &records(2000)).unwrap();
    drop(store);
    checkpoint(&path);
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

/// A backup program holds the file: every caller fails, nobody waits behind the others, and afterwards all goes on.
#[test]
fn callers_behind_another_process_fail_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let mut options = options();
    options.busy_timeout = Duration::from_millis(300);
    let store = Arc::new(SqliteTransport::open(&path, options).unwrap());
    store.publish("orders", &records(1)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let callers: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&store);
            thread::spawn(move || store.publish("orders", &[record(number)]))
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
    store.publish("orders", &records(1)).unwrap();
    assert_eq!(
        store.read("orders", Position::Oldest, 100).unwrap().len(),
        2
    );
}
