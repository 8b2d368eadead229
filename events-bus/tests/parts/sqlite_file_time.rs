//! The log, the clock and other processes.

use super::*;

/// The log of writes is taken into the file again and again, also while somebody reads.
#[test]
fn the_log_of_writes_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = open(&path).unwrap();
    store.join("orders", "billing", Start::Beginning).unwrap();
    let member = lead(&store, MEMBER, Duration::from_mins(1)).unwrap();
    for _ in 0..100 {
        store.publish("orders", &records(500)).unwrap();
        let entries = store
            .receive(member, Limit::entries(500), Duration::ZERO)
            .unwrap();
        let settlements: Vec<_> = entries
            .iter()
            .map(|entry| Settlement::new(entry.id, None, Arc::default()))
            .collect();
        store.settle(member, &settlements).unwrap();
        while store.trim("orders", NOTHING).unwrap().more {}
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
        let member = lead(store, MEMBER, Duration::MAX).unwrap();
        store.publish("orders", &records(1)).unwrap();
        let entries = store
            .receive(member, Limit::entries(10), Duration::MAX)
            .unwrap();
        let taken = store
            .claim(member, claim_idle(Duration::MAX))
            .unwrap()
            .entries;
        assert_eq!((entries.len(), taken.len()), (1, 1), "{}", store.name());
        let id = entries[0].record.as_ref().unwrap().metadata.id();
        let receivers = Arc::from([Arc::from("shop.invoice")]);
        let settlement = Settlement::new(entries[0].id, Some(id), receivers);
        store.settle(member, &[settlement]).unwrap();
        let again = entries[0].record.clone().unwrap();
        store.publish("orders", &[again]).unwrap();
        let entries = store
            .receive(member, Limit::entries(10), Duration::MAX)
            .unwrap();
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
    let minute = Duration::from_mins(1);
    let other = Member::new("orders", "billing", "two");
    let first = lead(&store, MEMBER, minute).unwrap();
    assert!(lead(&store, other, minute).is_none());
    store.publish("orders", &records(3)).unwrap();
    let entries = store.receive(first, Limit::entries(10), Duration::ZERO);
    assert_eq!(entries.unwrap().len(), 3);
    let hour = Duration::from_hours(1);
    let claim = |member| store.claim(member, claim_idle(hour)).unwrap().entries;
    assert!(claim(other).is_empty());
    // The rows as a clock wrote them that was an hour ahead.
    let file = Connection::open(&path).unwrap();
    file.execute_batch(
        "UPDATE groups SET lease_end = lease_end + 3600000000;
         UPDATE pending SET touched = touched + 3600000000",
    )
    .unwrap();
    let second = lead(&store, other, minute).unwrap();
    assert_eq!(claim(second).len(), 3);
    let error = store.settle(first, &[]).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::LostLease, "{error}");
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

/// Two services with windows of different lengths, and a command with the default one, trim the same file.
#[test]
fn duplicate_windows_of_different_lengths_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let with_window = |window| {
        let mut options = options();
        options.duplicate_window = window;
        SqliteTransport::open(&path, options).unwrap()
    };
    let hour = with_window(Duration::from_hours(1));
    let others = [
        with_window(Duration::ZERO),
        with_window(Duration::from_secs(1)),
        with_window(Duration::from_mins(10)),
        with_window(Duration::from_hours(24 * 365)),
    ];
    hour.join("orders", "billing", Start::Beginning).unwrap();
    let event = record(1);
    let receive = || {
        hour.publish("orders", std::slice::from_ref(&event))
            .unwrap();
        let entries = hour.receive(MEMBER, Limit::entries(10), Duration::ZERO);
        entries.unwrap().remove(0)
    };
    let handled = Arc::from([Arc::from("shop.invoice")]);
    let settlement = Settlement::new(receive().id, Some(event.metadata.id()), handled);
    hour.settle(MEMBER, &[settlement]).unwrap();
    for other in &others {
        while other.trim("orders", Retention::default()).unwrap().more {}
    }
    assert_eq!(receive().handled_by.len(), 1);
    // Rows of the past and of a clock that was far ahead go.
    let file = Connection::open(&path).unwrap();
    for bucket in ["0", "bucket + 1000000000000000"] {
        file.execute_batch(&format!("UPDATE handled SET bucket = {bucket}"))
            .unwrap();
        while hour.trim("orders", Retention::default()).unwrap().more {}
        let left: i64 = file
            .query_row("SELECT count(*) FROM handled", [], |row| row.get(0))
            .unwrap();
        assert_eq!(left, 0);
        let again = Settlement::new(
            receive().id,
            Some(event.metadata.id()),
            Arc::from([Arc::from("shop.invoice")]),
        );
        hour.settle(MEMBER, &[again]).unwrap();
    }
}
