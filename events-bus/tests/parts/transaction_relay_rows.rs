//! Rows that are poison, disabled, or more than a store takes.

use super::*;

/// The relay creates what it needs, in a database that nobody has sent anything in yet.
#[test]
fn a_relay_creates_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let mut connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE orders (number INTEGER)")
        .unwrap();
    let bus = start::<Kept>(&Arc::new(Gate::default()), SqliteOutbox::new(&path));
    transaction::send_in(&mut connection, &KEPT, Kept::of(1)).unwrap();
    eventually(|| bus.relays()[0].stats().sent == 1, || "it is sent".into());
    sqlite::create_tables(&connection).unwrap();
    stop(bus);
}

#[test]
fn a_signal_that_is_disabled_where_the_relay_is_takes_no_effect() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let _connection = SILENT.connect_with("sees", 0, |_| {});
    shop.send(&SILENT, [Silent::of(1)]);
    SILENT.disable();
    shop.send(&SILENT, [Silent::of(2)]);
    assert_eq!(shop.left(), 1, "nothing is written");
    let bus = start::<Silent>(&transport, shop.outbox());
    shop.is_emptied();
    SILENT.enable();
    shop.send(&SILENT, [Silent::of(3)]);
    shop.is_emptied();
    stop(bus);
    assert_eq!(numbers(&published(&transport)), [3]);
    assert_eq!(numbers(&local_work(&transport)), [3]);
}

/// Columns of SQLite can hold anything.
#[test]
fn rows_of_garbage_hold_up_nobody() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let connection = shop.open();
    let mut random = fastrand::Rng::with_seed(11);
    shop.send(&STRANGE, (1..=200).map(Strange::of));
    let mut damaged = Vec::new();
    for id in 1..=200 {
        if random.u8(..4) > 0 {
            continue;
        }
        damaged.push(id);
        let columns = ["event_id", "event_type", "metadata", "body"];
        let column = columns[random.usize(1..columns.len())];
        let garbage: Vec<u8> = (0..random.usize(1..40)).map(|_| 0xff).collect();
        let sql = format!("UPDATE events_outbox SET {column} = ?, trace = x'00' WHERE id = ?");
        connection
            .execute(&sql, rusqlite::params![garbage, id])
            .unwrap();
    }
    let bus = start::<Strange>(&transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    let expected: Vec<i64> = (1..=200).filter(|id| !damaged.contains(id)).collect();
    assert_eq!(numbers(&published(&transport)), expected);
    let quarantined = sqlite::status(&connection).unwrap().quarantined;
    assert_eq!(quarantined, damaged.len() as u64);
}

/// The outbox of the bus takes rows while the transport is down, up to its capacity.
#[test]
fn a_durable_outbox_takes_rows_until_it_is_full() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let store = Arc::new(Gate::default());
    transport.down.store(true, Ordering::SeqCst);
    let _connection = STORED.connect_with("sees", 0, |_| {});
    let mut config = quick(BusConfig::memory().with_route(Stored::INFO.event_type, "t"));
    config.outbox.capacity = 700;
    config.outbox.lease = LEASE;
    let bus = Bus::builder(config)
        .transport(Arc::clone(&transport) as SharedTransport)
        .outbox(Arc::clone(&store) as SharedTransport)
        .relay(shop.outbox())
        .start()
        .unwrap();
    shop.send(&STORED, (1..=500).map(Stored::of));
    shop.is_emptied();
    assert!(published(&transport).is_empty());
    assert_eq!(
        local_work(&store).len(),
        500,
        "the work of receivers is in the file, too"
    );
    // A batch that fits in part is taken as a whole.
    shop.send(&STORED, (501..=2_000).map(Stored::of));
    std::thread::sleep(Duration::from_secs(3));
    let waiting = store.records("events:outbox:t").len();
    assert!((700..1_700).contains(&waiting), "{waiting}");
    assert_eq!(shop.left(), 2_000 - waiting as u64);
    assert!(
        bus.relays()[0].stats().failures > 0,
        "it reports the full outbox"
    );
    transport.down.store(false, Ordering::SeqCst);
    shop.is_emptied();
    stop(bus);
    assert_eq!(
        numbers(&published(&transport)),
        (1..=2_000).collect::<Vec<_>>()
    );
}

/// An outbox in memory loses its events with the process, so rows pass it by.
#[test]
fn an_outbox_in_memory_takes_no_rows() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    transport.down.store(true, Ordering::SeqCst);
    let config = BusConfig::memory()
        .with_route(Direct::INFO.event_type, "t")
        .with_outbox(OutboxStore::Memory);
    shop.send(&DIRECT, (1..=100).map(Direct::of));
    let bus = start_with(config.clone(), &transport, shop.outbox());
    eventually(
        || bus.relays()[0].stats().failures > 2,
        || "it fails".into(),
    );
    assert_eq!(shop.left(), 100);
    drop(bus);
    transport.down.store(false, Ordering::SeqCst);
    let bus = start_with(config, &transport, shop.outbox());
    shop.is_emptied();
    stop(bus);
    assert_eq!(
        numbers(&published(&transport)),
        (1..=100).collect::<Vec<_>>()
    );
}

/// Several relays that lose their database and their lease at random, and a ledger.
#[test]
fn relays_that_come_and_go_lose_nothing_and_keep_the_order() {
    const EVENTS: i64 = 3_000;
    const KEYS: i64 = 7;
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let writer = {
        let path = shop.path();
        std::thread::spawn(move || {
            let mut connection = rusqlite::Connection::open(path).unwrap();
            connection.busy_timeout(Duration::from_secs(10)).unwrap();
            for number in 1..=EVENTS {
                let mut event = Crowded::of(number);
                event.customer = format!("c{}", number % KEYS);
                let behavior = rusqlite::TransactionBehavior::Immediate;
                let mut order = connection.transaction_with_behavior(behavior).unwrap();
                transaction::send_in(&mut order, &CROWDED, event).unwrap();
                order.commit().unwrap();
            }
        })
    };
    let mut random = fastrand::Rng::with_seed(3);
    let start_one = || {
        let faults = Arc::new(Faults::default());
        let bus = start::<Crowded>(&transport, Faulty(shop.outbox(), Arc::clone(&faults)));
        (bus, faults)
    };
    let mut relays = [start_one(), start_one(), start_one()];
    let mut rounds = 0;
    while !writer.is_finished() || rounds < 22 {
        rounds += 1;
        let index = random.usize(..3);
        match random.u8(..4) {
            0 => relays[index] = start_one(),
            1 => relays[index].1.remove.store(2, Ordering::SeqCst),
            2 => transport.unknown.store(2, Ordering::SeqCst),
            _ => relays[index].1.panic.store(1, Ordering::SeqCst),
        }
        std::thread::sleep(Duration::from_millis(random.u64(10..120)));
    }
    writer.join().unwrap();
    shop.is_emptied();
    let records = published(&transport);
    let mut total = 0;
    for key in 0..KEYS {
        let key = format!("c{key}");
        let of = records
            .iter()
            .filter(|record| record.key.as_deref() == Some(&key));
        let mut seen = Vec::new();
        for number in of.map(|record| number(&record.body)) {
            // A duplicate may come again, and nothing new before something older.
            if !seen.contains(&number) {
                assert!(
                    seen.last().is_none_or(|last| *last < number),
                    "{number} {seen:?}"
                );
                seen.push(number);
            }
        }
        total += seen.len();
    }
    assert_eq!(total, usize::try_from(EVENTS).unwrap());
    println!("{rounds} rounds, {} duplicates", records.len() - total);
}
