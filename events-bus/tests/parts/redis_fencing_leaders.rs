//! Leaders: waiting, trial marks, and several that follow each other.

use super::*;

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn an_idle_leader_waits_without_a_change() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let leader = lead(&transport, "c");
    publish(&transport, 0..1);
    assert_eq!(receive_as(&transport, leader, 10).len(), 1);
    let wait = Duration::from_mins(1);
    thread::scope(|scope| {
        for (limit, requeued) in [(1, false), (100, false), (10, true), (100, true)] {
            let limit = Limit::entries(limit);
            let transport = &transport;
            let waiting = scope.spawn(move || transport.receive(leader, limit, wait).unwrap());
            server.until_somebody_waits();
            let before = server.content();
            // Renewals do not disturb it.
            transport.renew(leader, LEASE, &[]).unwrap();
            assert_eq!(server.content(), before);
            if requeued {
                transport.requeue(TOPIC, "g", &[record(7)]).unwrap();
            } else {
                publish(transport, 7..8);
            }
            assert_eq!(numbers(&waiting.join().unwrap()), [7]);
        }
    });
    // A wait ends in time, and finds that the lead was lost meanwhile.
    let short = Duration::from_millis(50);
    let limit = Limit::entries(100);
    assert!(transport.receive(leader, limit, short).unwrap().is_empty());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| transport.receive(leader, limit, wait));
        server.until_somebody_waits();
        let new = take_over_from(&server.transport(), leader, "new");
        publish(&transport, 8..9);
        lost(waiting.join().unwrap());
        let other = server.transport();
        assert_eq!(numbers(&receive_as(&other, new, 10)), [8]);
    });
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn trial_marks_outlive_connections_and_processes() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let transport = RedisTransport::open(&proxy.url(), RedisOptions::default()).unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    publish(&transport, 0..3);
    let mut leader = lead_for_a_moment(&transport, "c");
    assert_eq!(receive_as(&transport, leader, 3).len(), 3);
    let mut trial = claim(Duration::ZERO);
    (trial.max_deliveries, trial.trial) = (2, true);
    // Nobody is a suspect yet: all are claimed once more, and then they are.
    assert_eq!(transport.claim(leader, trial).unwrap().entries.len(), 3);
    for marks in 1..=2 {
        let transport = RedisTransport::open(&proxy.url(), RedisOptions::default()).unwrap();
        let claimed = transport.claim(leader, trial).unwrap();
        let of = |entry: &Entry| (entry.trials, entry.deliveries);
        let all: Vec<_> = claimed.entries.iter().map(of).collect();
        assert_eq!(all, [(marks, 2 + u64::from(marks))]);
        // The process ends, and the connection with it.
        proxy.cut();
        let other = server.transport();
        leader = take_over(&other, "c");
        let mut watching = trial;
        watching.trial = false;
        let found = other.claim(leader, watching).unwrap();
        assert!(found.entries.is_empty());
        assert_eq!(found.suspect, Some(claimed.entries[0].id));
    }
    // An orderly release takes its own trial back, and leaves the others.
    let other = server.transport();
    assert_eq!(other.claim(leader, trial).unwrap().entries[0].trials, 3);
    other.release(leader).unwrap();
    let leader = lead(&other, "c");
    let entry = other.claim(leader, trial).unwrap().entries.remove(0);
    assert_eq!((entry.trials, entry.deliveries), (3, 5));
    other
        .settle(leader, &[settled(&entry, "shop.greet")])
        .unwrap();
    let marks = format!("events:{{{TOPIC}}}:trials:g");
    assert!(!server.content().contains_key(marks.as_bytes()));
    // The others were given back as well, and are no suspects any more.
    let next = other.claim(leader, trial).unwrap();
    assert_eq!(numbers(&next.entries), [1, 2]);
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn a_server_that_lost_its_data_has_no_leader() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let leader = lead(&transport, "c");
    publish(&transport, 0..100);
    let entries = receive_as(&transport, leader, 100);
    server.flush_all();
    publish(&transport, 0..100);
    lost(transport.receive(leader, Limit::entries(100), Duration::ZERO));
    let settlements: Vec<_> = entries.iter().map(|entry| settled(entry, "a")).collect();
    lost(transport.settle(leader, &settlements));
    lost(transport.settle(leader, &settlements[..1]));
    // The same counter again, and another holder.
    let again = lead(&transport, "c");
    assert_eq!(
        again.epoch.unwrap().counter(),
        leader.epoch.unwrap().counter()
    );
    lost(transport.receive(leader, Limit::entries(100), Duration::ZERO));
    assert_eq!(receive_as(&transport, again, 100).len(), 100);
    assert!(transport.delete_group(TOPIC, "g").unwrap());
    lost(transport.settle(again, &settlements));
    transport.publish(TOPIC, &[sized(1, 10)]).unwrap();
    assert!(
        server.content().len() <= 3,
        "the group left something behind"
    );
}

/// Consumers that lead for moments, and stop at any point for longer than their lease.
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn leaders_that_follow_each_other_lose_and_reorder_nothing() {
    const EVENTS: u16 = 4000;
    let server = RedisServer::start();
    let number = |entry: &Entry| {
        let body = &entry.record.as_ref().unwrap().body;
        u16::from_be_bytes([body[0], body[1]])
    };
    let publisher = joined(&server);
    // What settlements succeeded for, in the order of the epochs.
    let ledger: Mutex<Vec<(u64, u16)>> = Mutex::default();
    let is_done = AtomicBool::new(false);
    let consume = |name: &'static str, seed: u64| {
        let transport = server.transport();
        let mut random = fastrand::Rng::with_seed(seed);
        while !is_done.load(Ordering::SeqCst) {
            let lease = Duration::from_millis(15);
            let Some(epoch) = transport.lead(member(name), lease).unwrap().epoch() else {
                thread::sleep(Duration::from_millis(2));
                continue;
            };
            let leader = member(name).under(epoch);
            let mut turn = || -> Result<(), TransportError> {
                let mut entries = transport.claim(leader, claim(Duration::ZERO))?.entries;
                for turn in 1.. {
                    // On a busy machine the turns are few and large.
                    if turn % 2 == 0 || random.u8(..) < 20 {
                        thread::sleep(Duration::from_millis(30));
                    }
                    let settlements: Vec<_> =
                        entries.iter().map(|entry| settled(entry, "a")).collect();
                    transport.settle(leader, &settlements)?;
                    let handled = entries.iter().map(|entry| (epoch.counter(), number(entry)));
                    ledger.lock().unwrap().extend(handled);
                    if is_done.load(Ordering::SeqCst) {
                        return transport.release(leader);
                    }
                    transport.renew(leader, lease, &[])?;
                    // At most what one claim hands out.
                    let limit = Limit::entries(random.usize(1..=100));
                    entries = transport.receive(leader, limit, Duration::from_millis(5))?;
                }
                Ok(())
            };
            if let Err(error) = turn() {
                assert_eq!(error.kind(), TransportErrorKind::LostLease, "{error}");
            }
        }
    };
    thread::scope(|scope| {
        for (name, seed) in [("one", 1), ("two", 2), ("three", 3)] {
            let consume = &consume;
            scope.spawn(move || consume(name, seed));
        }
        for first in (0..EVENTS).step_by(40) {
            let records: Vec<_> = (first..first + 40)
                .map(|number| {
                    let metadata = record(0).metadata;
                    events_bus::Record::new(metadata, number.to_be_bytes())
                })
                .collect();
            publisher.publish(TOPIC, &records).unwrap();
            thread::sleep(Duration::from_millis(5));
        }
        let begun = Instant::now();
        while ledger.lock().unwrap().len() < usize::from(EVENTS) {
            let waits = begun.elapsed() < Duration::from_secs(30);
            if !waits {
                is_done.store(true, Ordering::SeqCst);
            }
            assert!(waits, "events are stranded");
            thread::sleep(Duration::from_millis(5));
        }
        is_done.store(true, Ordering::SeqCst);
    });
    // A settlement that succeeded is final, so that each event is in the ledger once, and in order.
    let mut ledger = ledger.into_inner().unwrap();
    ledger.sort_by_key(|(epoch, _)| *epoch);
    let handled: Vec<u16> = ledger.iter().map(|(_, number)| *number).collect();
    assert_eq!(handled, (0..EVENTS).collect::<Vec<_>>());
    assert!(ledger.last().unwrap().0 > 10, "the lead did not move");
    let group = publisher.status(TOPIC).unwrap().unwrap().groups.remove(0);
    assert_eq!((group.pending, group.unread), (0, Some(0)));
}
