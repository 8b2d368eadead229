//! Backups, and files that shrink.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::Record;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
use events_bus::transport::{
    DeadLetter, DeadLetterLimits, DeadReason, EntryId, Groups, Limit, Log, Maintenance, Member,
    Position, Retention, Settlement, Start, TransportErrorKind,
};
use events_core::{EventMetadata, Timestamp};

const MEMBER: Member<'static> = Member::new("orders", "billing", "one");

fn open(path: &Path) -> SqliteTransport {
    let mut options = SqliteOptions::default();
    options.sync = Sync::Normal;
    SqliteTransport::open(path, options).unwrap()
}

fn record(size: usize) -> Record {
    let metadata = EventMetadata::new("org.example.shop.order.placed.v1");
    Record::new(metadata, vec![7; size])
}

fn records(count: usize) -> Vec<Record> {
    (0..count).map(|_| record(200)).collect()
}

/// Publishes in a thread for as long as something lasts. Returns how many events were acknowledged when it began, how many when
/// it ended, and the longest call.
fn publish_while<T>(store: &Arc<SqliteTransport>, act: impl FnOnce() -> T) -> (T, Duration) {
    let is_over = Arc::new(AtomicBool::new(false));
    let publisher = thread::spawn({
        let (store, is_over) = (Arc::clone(store), Arc::clone(&is_over));
        move || {
            let records = records(10);
            let mut longest = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                store.publish("load", &records).unwrap();
                longest = longest.max(begun.elapsed());
            }
            longest
        }
    });
    thread::sleep(Duration::from_millis(50));
    let answer = act();
    is_over.store(true, Ordering::Relaxed);
    (answer, publisher.join().unwrap())
}

#[test]
fn a_backup_is_the_store_at_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder.path().join("events.db")));
    store.join("orders", "billing", Start::Beginning).unwrap();
    let published = store.publish("orders", &records(5000)).unwrap();
    store
        .receive(MEMBER, Limit::entries(10), Duration::ZERO)
        .unwrap();
    let to = folder.path().join("backup.db");
    let (before, longest) = publish_while(&store, || {
        let before = store.status("load").unwrap().unwrap().entries;
        store.backup(&to).unwrap();
        before
    });
    assert!(
        longest < Duration::from_secs(1),
        "a publisher waited for {longest:?}"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        5,
        "no part is left"
    );
    // It opens, and goes on where the store was.
    let copy = open(&to);
    let load = copy.status("load").unwrap().unwrap();
    assert!(
        load.entries >= before && load.entries.is_multiple_of(10),
        "{load:?}"
    );
    let entries = copy.read("load", Position::Oldest, usize::MAX).unwrap();
    assert_eq!(entries.len() as u64, load.entries);
    let orders = copy.status("orders").unwrap().unwrap();
    assert_eq!((orders.entries, orders.groups[0].pending), (5000, 10));
    assert_eq!(orders.newest, published.last().copied());
    assert_eq!(
        copy.publish("orders", &records(1)).unwrap(),
        [EntryId::new(5001, 0)]
    );
}

#[test]
fn a_backup_does_not_replace_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("events.db"));
    store.publish("orders", &records(1)).unwrap();
    let to = folder.path().join("precious.db");
    for content in ["", "precious"] {
        fs::write(&to, content).unwrap();
        let error = store.backup(&to).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
        assert!(error.to_string().contains("name a new one"), "{error}");
        assert_eq!(fs::read_to_string(&to).unwrap(), content);
    }
    let error = store
        .backup(&folder.path().join("not/there.db"))
        .unwrap_err();
    assert!(error.to_string().contains("its folder"), "{error}");
    let own = store.backup(store.path()).unwrap_err();
    assert_eq!(own.kind(), TransportErrorKind::Refused, "{own}");
    assert_eq!(store.status("orders").unwrap().unwrap().entries, 1);
    // A file that is opened for reading alone can be copied too.
    let reader = SqliteTransport::open_read_only(store.path()).unwrap();
    let to = folder.path().join("copy.db");
    reader.backup(&to).unwrap();
    assert_eq!(open(&to).status("orders").unwrap().unwrap().entries, 1);
}

#[test]
fn a_file_shrinks_after_its_events_were_trimmed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = Arc::new(open(&path));
    for _ in 0..40 {
        store.publish("orders", &records(1000)).unwrap();
    }
    store.publish("small", &records(10)).unwrap();
    // Sizes that differ, up to the largest.
    let big = [record(16 << 20), record(1 << 20), record(3)];
    store.publish("orders", &big).unwrap();
    while store.trim("orders", Retention::default()).unwrap().more {}
    store.vacuum().unwrap();
    let size = || fs::metadata(&path).unwrap().len();
    assert!(size() < 1 << 20, "{} bytes", size());
    let log = fs::metadata(folder.path().join("events.db-wal"))
        .unwrap()
        .len();
    assert!(log < 1 << 20, "{log} bytes of log");
    assert_eq!(store.status("orders").unwrap().unwrap().entries, 0);
    assert_eq!(
        store.read("small", Position::Oldest, 100).unwrap().len(),
        10
    );
    // Also while somebody publishes, who is not held up.
    for _ in 0..40 {
        store.publish("orders", &records(1000)).unwrap();
    }
    while store.trim("orders", Retention::default()).unwrap().more {}
    let ((), longest) = publish_while(&store, || store.vacuum().unwrap());
    assert!(
        longest < Duration::from_secs(1),
        "a publisher waited for {longest:?}"
    );
    // Nothing to give back.
    store.vacuum().unwrap();
    let entries = store.read("load", Position::Oldest, usize::MAX).unwrap();
    assert_eq!(
        entries.len() as u64,
        store.status("load").unwrap().unwrap().entries
    );
}

#[test]
fn trimming_goes_in_small_steps() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("events.db"));
    for _ in 0..100 {
        store.publish("orders", &records(1000)).unwrap();
    }
    // Three rows of 16 MiB take longer than thousands of the others.
    let big: Vec<_> = (0..3).map(|_| record(16 << 20)).collect();
    store.publish("orders", &big).unwrap();
    let mut calls = 0;
    let mut gone = 0;
    loop {
        let trimmed = store.trim("orders", Retention::default()).unwrap();
        gone += trimmed.entries;
        calls += 1;
        if !trimmed.more {
            break;
        }
        assert!(trimmed.entries > 0, "each call gets on");
    }
    assert_eq!(gone, 100_003);
    assert!(calls > 3, "{calls} calls");
}

#[test]
fn an_entry_stays_in_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("events.db"));
    let published = store.publish("orders", &records(20)).unwrap();
    let oldest = || store.status("orders").unwrap().unwrap().oldest;
    let retention = |before: usize, lose| Retention {
        before: Some(published[before]),
        lose_unread_beyond: lose,
        ..Retention::default()
    };
    let trimmed = store.trim("orders", retention(5, None)).unwrap();
    assert_eq!((trimmed.entries, trimmed.more), (5, false));
    assert_eq!(oldest(), Some(published[5]));
    store.join("orders", "billing", Start::Beginning).unwrap();
    store.trim("orders", retention(8, Some(0))).unwrap();
    assert_eq!(oldest(), Some(published[8]));
    let far = Retention {
        before: Some(EntryId::new(u64::MAX, u64::MAX)),
        lose_unread_beyond: Some(2),
        ..Retention::default()
    };
    let trimmed = store.trim("orders", far).unwrap();
    assert_eq!((trimmed.entries, trimmed.unread), (10, 10));
    assert_eq!(oldest(), Some(published[18]));
}

#[test]
fn dead_letters_have_limits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("events.db"));
    store.join("orders", "billing", Start::Beginning).unwrap();
    let entry = store.publish("orders", &records(1)).unwrap()[0];
    store
        .receive(MEMBER, Limit::entries(10), Duration::ZERO)
        .unwrap();
    let now = Timestamp::now().as_micros();
    let letters = (0..1000).map(|index| {
        // The first 300 are an hour old and more.
        let age = if index < 300 { 7200 } else { 60 };
        let at = Timestamp::from_micros(now - age * 1_000_000).unwrap();
        DeadLetter::new(
            "billing".into(),
            DeadReason::Exhausted,
            "no",
            entry,
            at,
            Ok(record(10)),
        )
    });
    let settlement = Settlement::new(entry, None, Arc::default()).with_dead(letters.collect());
    store.settle(MEMBER, &[settlement]).unwrap();
    let trim = |entries, age| {
        let limits = DeadLetterLimits { entries, age };
        store.trim_dead_letters("orders", limits).unwrap()
    };
    let hour = Some(Duration::from_hours(1));
    assert_eq!(trim(None, None), 0);
    assert_eq!(trim(Some(2000), None), 0);
    assert_eq!(trim(None, hour), 300);
    assert_eq!(trim(Some(500), hour), 200);
    assert_eq!(trim(Some(500), hour), 0);
    let left = store.dead_letters("orders", None, 1).unwrap();
    assert_eq!(left[0].0, EntryId::new(501, 0));
    assert_eq!(trim(Some(0), None), 500);
    assert_eq!(
        store
            .trim_dead_letters("nothing", DeadLetterLimits::default())
            .unwrap(),
        0
    );
}
