//! Leases of relays, and transports that dispute or forget.

use super::*;

/// The thread of a relay stops between reading and publishing, for longer than its lease, while another publishes.
#[test]
fn a_relay_that_wakes_up_late_publishes_and_removes_nothing() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let faults = Arc::new(Faults::default());
    faults.paused.store(true, Ordering::SeqCst);
    let first = start::<Paused>(&transport, Faulty(shop.outbox(), Arc::clone(&faults)));
    leads(&first);
    shop.send(&PAUSED, (1..=20).map(Paused::of));
    // It has read the rows by now, and confirms its lease only after a third of it.
    std::thread::sleep(Duration::from_millis(500));
    let second = start::<Paused>(&transport, shop.outbox());
    shop.is_emptied();
    leads(&second);
    shop.send(&PAUSED, (21..=40).map(Paused::of));
    shop.is_emptied();
    faults.paused.store(false, Ordering::SeqCst);
    let state = || first.relays()[0].stats();
    eventually(
        || state().state == RelayState::Standby,
        || format!("{:?}", state()),
    );
    shop.send(&PAUSED, (41..=60).map(Paused::of));
    shop.is_emptied();
    assert_eq!(state().sent, 0);
    let attempts = transport.attempts.lock().unwrap().clone();
    assert!(
        attempts.iter().all(|epoch| epoch.counter() == 2),
        "the first did not even try: {attempts:?}"
    );
    stop(first);
    stop(second);
    assert_eq!(
        numbers(&published(&transport)),
        (1..=60).collect::<Vec<_>>()
    );
}

/// The same, but the process is paused within the call of the transport, when nothing can check the clock any more.
#[test]
fn the_transport_refuses_a_relay_whose_epoch_is_old() {
    use events_bus::transport::{Batch, Dispute, Log, Receipt};

    let (shop, transport) = (Shop::new(), Gate::default());
    shop.send(&PAUSED, [Paused::of(1)]);
    let mut old = shop.outbox();
    let old_term = old.lead(Duration::from_millis(1)).unwrap().unwrap();
    std::thread::sleep(Duration::from_millis(5));
    let mut new = shop.outbox();
    let new_term = new.lead(LEASE).unwrap().unwrap();
    assert_eq!(old_term.incarnation, new_term.incarnation);
    assert_eq!(new_term.epoch.counter(), old_term.epoch.counter() + 1);
    assert_eq!(new_term.last, old_term.last + Term::RESERVED);
    assert!(!old.remove(&old_term, &[1]).unwrap());
    assert!(!old.quarantine(&old_term, 1, "late").unwrap());
    assert!(!old.renew(&old_term, LEASE).unwrap());
    old.release(&old_term).unwrap();
    assert_eq!(shop.left(), 1, "an old epoch changes nothing");
    assert!(
        shop.outbox().lead(LEASE).unwrap().is_none(),
        "the new one leads"
    );
    let publish = |term: &Term, number| {
        let record = events_bus::Record::new(events_core::EventMetadata::new("a"), []);
        let batch = Batch {
            incarnation: term.incarnation,
            epoch: term.epoch,
            acknowledged: 0,
            numbers: &[number],
        };
        transport.publish_batch("t", &[record], batch).unwrap()
    };
    assert!(matches!(
        publish(&new_term, new_term.last + 1),
        Receipt::Published(_)
    ));
    let refused = publish(&old_term, old_term.last + 1);
    assert_eq!(refused, Receipt::Disputed(Dispute::OldEpoch));
    assert!(new.remove(&new_term, &[1]).unwrap());
    assert_eq!(shop.left(), 0);
}

/// The database is restored from a backup: its epochs and numbers are old, and its rows come again.
#[test]
fn a_restored_database_goes_on_under_a_new_incarnation() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let bus = start::<Restored>(&transport, shop.outbox());
    shop.send(&RESTORED, [Restored::of(1)]);
    shop.is_emptied();
    stop(bus);
    let backup = shop.path().with_file_name("backup.db");
    shop.open()
        .execute("VACUUM INTO ?", [backup.to_str().unwrap()])
        .unwrap();
    for number in 2..=4 {
        let bus = start::<Restored>(&transport, shop.outbox());
        shop.send(&RESTORED, [Restored::of(number)]);
        shop.is_emptied();
        stop(bus);
    }
    for file in ["shop.db", "shop.db-wal", "shop.db-shm"] {
        let _ = std::fs::remove_file(shop.path().with_file_name(file));
    }
    std::fs::rename(&backup, shop.path()).unwrap();
    let incarnation = || -> String {
        let query = "SELECT incarnation FROM events_outbox_lease";
        shop.open().query_row(query, [], |row| row.get(0)).unwrap()
    };
    let before = incarnation();
    let bus = start::<Restored>(&transport, shop.outbox());
    shop.send(&RESTORED, (5..=6).map(Restored::of));
    shop.is_emptied();
    stop(bus);
    assert_eq!(numbers(&published(&transport)), [1, 2, 3, 4, 5, 6]);
    assert_ne!(incarnation(), before);
    assert!(Uuid::try_parse(&incarnation()).is_ok());
}

/// The transport is emptied while a relay runs.
#[test]
fn what_the_transport_forgets_is_published_again() {
    use events_bus::transport::memory::MemoryTransport;
    use events_bus::transport::{Batch, EntryId, Log, Receipt, TransportError};
    use events_bus::{Record, delegate_transport};

    /// A server that can be replaced by an empty one.
    #[derive(Debug)]
    struct Server(Mutex<Arc<MemoryTransport>>);
    impl Server {
        fn now(&self) -> Arc<MemoryTransport> {
            Arc::clone(&self.0.lock().unwrap())
        }
    }
    impl Log for Server {
        fn name(&self) -> &'static str {
            "server"
        }
        fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
            self.now().publish(topic, records)
        }
        fn publish_batch(
            &self,
            topic: &str,
            records: &[Record],
            batch: Batch<'_>,
        ) -> Result<Receipt, TransportError> {
            self.now().publish_batch(topic, records, batch)
        }
        fn read(
            &self,
            topic: &str,
            from: events_bus::transport::Position,
            limit: usize,
        ) -> Result<Vec<events_bus::transport::Entry>, TransportError> {
            self.now().read(topic, from, limit)
        }
    }
    impl Server {
        fn records(&self) -> Vec<Record> {
            let entries = self.read("t", events_bus::transport::Position::Oldest, 100);
            let entries = entries.unwrap().into_iter();
            entries.map(|entry| entry.record.unwrap()).collect()
        }
    }
    #[derive(Debug)]
    struct Whole {
        log: Arc<Server>,
        rest: MemoryTransport,
    }
    impl Log for Whole {
        delegate_transport!(log: name, publish, publish_batch, read);
    }
    delegate_transport!(impl Groups, Maintenance for Whole => rest);

    let shop = Shop::new();
    let server = Arc::new(Server(Mutex::default()));
    let whole: SharedTransport = Arc::new(Whole {
        log: Arc::clone(&server),
        rest: MemoryTransport::new(),
    });
    let config = BusConfig::memory().with_route(Forgotten::INFO.event_type, "t");
    let bus = Bus::builder(quick(config))
        .transport(whole)
        .relay(shop.outbox())
        .start()
        .unwrap();
    shop.send(&FORGOTTEN, (1..=5).map(Forgotten::of));
    shop.is_emptied();
    *server.0.lock().unwrap() = Arc::default();
    shop.send(&FORGOTTEN, [Forgotten::of(6)]);
    shop.is_emptied();
    assert_eq!(numbers(&server.records()), [1, 2, 3, 4, 5, 6]);
    stop(bus);
}

#[test]
fn another_relay_takes_over_when_the_first_ends() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let mut first = shop.outbox();
    let term = first.lead(LEASE).unwrap().unwrap();
    assert!(first.renew(&term, LEASE).unwrap());
    // By another way to the same file.
    let link = shop.path().with_file_name("link.db");
    std::os::unix::fs::symlink(shop.path(), &link).unwrap();
    let bus = start::<Led>(&transport, SqliteOutbox::new(&link));
    shop.send(&LED, [Led::of(1)]);
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(bus.relays()[0].stats().state, RelayState::Standby);
    assert_eq!(shop.left(), 1);
    assert_eq!(bus.relays()[0].outbox(), link.to_str().unwrap());
    first.release(&term).unwrap();
    shop.is_emptied();
    leads(&bus);
    stop(bus);
    let term = shop.outbox().lead(LEASE).unwrap();
    assert!(term.is_some(), "a bus that ends gives it back");
}

/// A clock that was set back makes a lease of a dead relay look long.
#[test]
fn a_lease_that_nobody_renews_ends_although_the_clock_was_set_back() {
    let shop = Shop::new();
    let lease = Duration::from_millis(200);
    let mut outbox = shop.outbox();
    assert!(outbox.lead(Duration::from_hours(10)).unwrap().is_some());
    let mut other = shop.outbox();
    let began = Instant::now();
    while other.lead(lease).unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(began.elapsed() >= lease);
}

#[test]
fn a_bus_does_not_start_with_a_database_that_is_not_there() {
    let shop = Shop::new();
    let missing = shop.path().with_file_name("shoop.db");
    let error = Bus::builder(quick(BusConfig::memory()))
        .relay(SqliteOutbox::new(&missing))
        .start()
        .unwrap_err();
    assert!(matches!(error.problems(), [StartProblem::Outbox(..)]));
    assert!(
        error
            .to_string()
            .contains("there is no such file: name the database"),
        "{error}"
    );
    assert!(!missing.exists());
    std::fs::write(
        &missing,
        "this is no database, and longer than a header of one would be",
    )
    .unwrap();
    let error = Bus::builder(quick(BusConfig::memory()))
        .relay(SqliteOutbox::new(&missing))
        .start()
        .unwrap_err();
    assert!(
        error.to_string().contains("file is not a database"),
        "{error}"
    );
}
