//! Rows: leases, late commits, quarantine and sizes.

use super::*;

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn an_old_epoch_changes_nothing() {
    let server = PostgresServer::shared();
    let url = server.database("epochs");
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    send(&mut client, &LATE, Late::of(1), true);
    let (mut old, mut new) = (outbox(&url), outbox(&url));
    let old_term = old.lead(Duration::from_millis(1)).unwrap().unwrap();
    thread::sleep(Duration::from_millis(20));
    assert!(
        old.renew(&old_term, Duration::from_millis(1)).unwrap(),
        "without a successor"
    );
    thread::sleep(Duration::from_millis(20));
    let new_term = new.lead(LEASE).unwrap().unwrap();
    assert_eq!(new_term.incarnation, old_term.incarnation);
    assert_eq!(new_term.epoch.counter(), old_term.epoch.counter() + 1);
    assert!(new_term.last >= old_term.last + Term::RESERVED);
    assert!(!old.remove(&old_term, &[1]).unwrap());
    assert!(!old.quarantine(&old_term, 1, "late").unwrap());
    assert!(!old.renew(&old_term, LEASE).unwrap());
    old.release(&old_term).unwrap();
    assert!(
        outbox(&url).lead(LEASE).unwrap().is_none(),
        "the new one leads"
    );
    assert_eq!(left(&Mutex::new(Client::connect(&url, NoTls).unwrap())), 1);
    // The lead is taken while a statement of the old leader waits for the row of the lease.
    let mut taker = client.transaction().unwrap();
    taker
        .execute(
            "UPDATE events_outbox_lease SET counter = counter + 1, holder = 1",
            &[],
        )
        .unwrap();
    let late = thread::spawn(move || new.remove(&new_term, &[1]).unwrap());
    thread::sleep(Duration::from_millis(200));
    taker.commit().unwrap();
    assert!(!late.join().unwrap());
    assert_eq!(left(&Mutex::new(client)), 1);
}

/// A transaction takes its number first and commits last: later ones of other writers do not wait for it, and it is not missed.
#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn a_transaction_that_commits_late_is_published_before_what_follows_it() {
    let server = PostgresServer::shared();
    let url = server.database("late");
    let transport = Arc::new(Gate::default());
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    let bus = start::<Late>(&transport, outbox(&url));
    leads(&bus);
    let mut other = Client::connect(&url, NoTls).unwrap();
    let mut number = 0;
    for _ in 0..20 {
        let mut late = other.transaction().unwrap();
        transaction::send_in(&mut late, &LATE, Late::of(number + 2)).unwrap();
        send(&mut client, &LATE, Late::of(number + 1), true);
        eventually(
            || numbers(&published(&transport)).last() == Some(&(number + 1)),
            || format!("{:?}", numbers(&published(&transport))),
        );
        late.commit().unwrap();
        // It begins after the late one has committed.
        send(&mut client, &LATE, Late::of(number + 3), true);
        number += 3;
    }
    let client = Mutex::new(client);
    is_emptied(&client);
    stop(bus);
    assert_eq!(
        numbers(&published(&transport)),
        (1..=60).collect::<Vec<_>>()
    );
}

/// A transaction elsewhere keeps dead rows. The times are printed, since machines differ.
#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn a_held_snapshot_does_not_slow_the_relay() {
    const ROWS: i64 = 50_000;
    let server = PostgresServer::shared();
    let url = server.database("held");
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    let row = OutboxRow::of(&HELD, Held::of(1)).unwrap();
    let fill = |client: &mut Client| {
        let insert = format!(
            "INSERT INTO events_outbox (event_id, event_type, metadata, body) SELECT $1, $2, $3, $4 FROM generate_series(1, {ROWS})"
        );
        client
            .execute(
                &insert,
                &[
                    &row.event_id.to_string(),
                    &row.event_type,
                    &row.metadata,
                    &row.body,
                ],
            )
            .unwrap();
    };
    let transport = Arc::new(Gate::default());
    let mut holder = Client::connect(&url, NoTls).unwrap();
    for is_held in [false, true, true] {
        let mut held = holder.transaction().unwrap();
        if is_held {
            held.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events_outbox")
                .unwrap();
        }
        fill(&mut client);
        let began = Instant::now();
        let bus = start::<Held>(&transport, outbox(&url));
        while left(&Mutex::new(Client::connect(&url, NoTls).unwrap())) > 0 {
            assert!(began.elapsed() < Duration::from_mins(5));
            thread::sleep(Duration::from_millis(20));
        }
        println!(
            "{ROWS} rows, held snapshot {is_held}: {:?}",
            began.elapsed()
        );
        // One more, when all rows before it are dead.
        let began = Instant::now();
        send(&mut client, &HELD, Held::of(2), true);
        while left(&Mutex::new(Client::connect(&url, NoTls).unwrap())) > 0 {
            thread::sleep(Duration::from_millis(5));
        }
        println!("one more row: {:?}", began.elapsed());
        stop(bus);
        held.rollback().unwrap();
    }
    assert_eq!(
        published(&transport).len(),
        3 * usize::try_from(ROWS + 1).unwrap()
    );
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn poison_rows_are_quarantined_and_return_by_command() {
    let server = PostgresServer::shared();
    let url = server.database("poison");
    let transport = Arc::new(Gate::default());
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    for number in 1..=4 {
        send(&mut client, &POISON, Poison::of(number), true);
    }
    let damage = "UPDATE events_outbox SET body = '\\x00ff' WHERE id = 2;
        UPDATE events_outbox SET event_type = 'org.example.nobody.v1' WHERE id = 3";
    client.batch_execute(damage).unwrap();
    let bus = start::<Poison>(&transport, outbox(&url));
    let client = Mutex::new(client);
    is_emptied(&client);
    assert_eq!(
        pg::status(&mut *client.lock().unwrap())
            .unwrap()
            .quarantined,
        2
    );
    assert_eq!(numbers(&published(&transport)), [1, 4]);
    let repair = format!(
        "UPDATE events_outbox SET event_type = '{}' WHERE id = 3",
        Poison::INFO.event_type
    );
    client.lock().unwrap().batch_execute(&repair).unwrap();
    assert_eq!(outbox(&url).requeue_quarantined().unwrap(), 2);
    eventually(
        || numbers(&published(&transport)) == [1, 4, 3],
        || format!("{:?}", numbers(&published(&transport))),
    );
    is_emptied(&client);
    assert_eq!(
        pg::status(&mut *client.lock().unwrap())
            .unwrap()
            .quarantined,
        1
    );
    stop(bus);
}

/// A read takes about 8 MiB, however many rows there are.
#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn large_rows_are_read_in_parts() {
    let server = PostgresServer::shared();
    let url = server.database("large");
    let transport = Arc::new(Gate::default());
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    for number in 1..=10 {
        let mut event = Large::of(number);
        event.customer = "a".repeat(3 << 20);
        send(&mut client, &LARGE, event, true);
    }
    let mut source = outbox(&url);
    let first = source.read(0, 500).unwrap();
    assert_eq!(first.len(), 3);
    assert_eq!(source.read(9, 500).unwrap().len(), 1);
    let bus = start::<Large>(&transport, outbox(&url));
    is_emptied(&Mutex::new(client));
    stop(bus);
    assert_eq!(
        numbers(&published(&transport)),
        (1..=10).collect::<Vec<_>>()
    );
    assert!(
        transport
            .batches
            .lock()
            .unwrap()
            .iter()
            .all(|records| *records <= 2)
    );
}

/// A server process hangs: it neither answers nor ends the connection.
#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn a_database_that_hangs_is_reported_and_does_not_hold_up_the_end() {
    let server = PostgresServer::shared();
    let url = server.database("hangs");
    let transport = Arc::new(Gate::default());
    let bus = start::<Late>(&transport, outbox(&url));
    leads(&bus);
    let mut client = Client::connect(&url, NoTls).unwrap();
    let relay = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let pid: i32 = client.query_one(relay, &[]).unwrap().get(0);
    let signal = |signal: &str| {
        let status = Command::new("kill")
            .args([signal, &pid.to_string()])
            .status();
        assert!(status.unwrap().success());
    };
    signal("-STOP");
    let state = || bus.relays()[0].stats().state;
    eventually(
        || matches!(state(), RelayState::Unreachable { .. }),
        || format!("{:?}", state()),
    );
    let began = Instant::now();
    let error = bus.shutdown(Duration::from_secs(1)).unwrap_err();
    signal("-CONT");
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(error.relays, 1, "{error}");
}
