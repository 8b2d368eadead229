//! The retry queue: its bound, its order, and other consumers.

use super::*;

#[test]
fn a_full_retry_queue_pauses_receiving_and_not_retries() {
    let repaired = Arc::new(AtomicUsize::new(0));
    let is_repaired = Arc::clone(&repaired);
    let log = Log::default();
    let seen = log.clone();
    let _connection = CROWDED.connect_with("crowded", 0, move |event| {
        if is_repaired.load(Ordering::Relaxed) == 0 {
            return Err(RetryAfter::new(Duration::from_millis(100), "not yet"));
        }
        seen.add(event.number.to_string());
        Ok(())
    });
    let transport = memory();
    let bus = start(&transport, |config| {
        config.consumer.max_parked = 20;
        config.consumer.max_in_flight = 30;
        config.consumer.batch = 5;
        config.retry.max_attempts = 1_000_000;
    });
    let records: Vec<_> = (0..500)
        .map(|number| record(&Crowded::of(format!("customer-{number}"), number)))
        .collect();
    transport.publish("t", &records).unwrap();
    eventually(|| parked(&transport) >= 20, || "20 are parked".into());
    thread::sleep(Duration::from_millis(700));
    let there = parked(&transport);
    // What was in flight when the queue became full still parks.
    assert!((20..=50).contains(&there), "{there}");
    repaired.store(1, Ordering::Relaxed);
    settled(&transport, "t", "g");
    assert_eq!(log.lines().len(), 500);
    stop(bus);
}

#[test]
fn a_retry_of_a_receiver_that_is_gone_becomes_a_dead_letter() {
    let transport = memory();
    {
        let _connection = REMOVED.connect_with("gone", 0, |_| Err::<(), _>("no"));
        let bus = start(&transport, |config| {
            config.retry.first_delay = Duration::from_millis(700);
            config.retry.max_delay = Duration::from_millis(700);
        });
        transport
            .publish("t", &[record(&Removed::of("ada", 1))])
            .unwrap();
        eventually(|| parked(&transport) == 1, || "it is parked".into());
        stop(bus);
    }
    let bus = start(&transport, |_| {});
    settled(&transport, "t", "g");
    let letters = transport.dead_letters("t", None, 10).unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1.reason, DeadReason::UnknownReceiver);
    assert_eq!(letters[0].1.receiver.as_deref(), Some("gone"));
    assert_eq!(letters[0].1.attempts, 1);
    stop(bus);
}

/// With one entry in flight at most, a consumer that waits for new entries still retries.
#[test]
fn retries_get_room_when_there_is_only_one() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let _connection = NARROW.connect_with("narrow", 0, move |_| {
        match counted.fetch_add(1, Ordering::Relaxed) {
            0..4 => Err("not yet"),
            _ => Ok(()),
        }
    });
    let transport = memory();
    let bus = start(&transport, |config| {
        config.consumer.max_in_flight = 1;
        config.consumer.max_in_flight_bytes = 1;
        config.retry.max_attempts = 10;
    });
    let began = Instant::now();
    transport
        .publish("t", &[record(&Narrow::of("ada", 1))])
        .unwrap();
    settled(&transport, "t", "g");
    assert_eq!(tries.load(Ordering::Relaxed), 5);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    stop(bus);
}

/// Deliveries behind a failure are handled in runs: a busy key catches up.
#[test]
fn a_busy_key_catches_up_in_order() {
    let log = Log::default();
    let seen = log.clone();
    let tries = AtomicUsize::new(0);
    let _connection = HOT.connect_with("hot", 0, move |event| {
        let is_odd = event.number % 500 == 0;
        if is_odd && tries.fetch_add(1, Ordering::Relaxed) % 3 != 2 {
            return Err("not yet");
        }
        seen.add(event.number.to_string());
        Ok(())
    });
    let transport = memory();
    let bus = start(&transport, |config| config.retry.max_attempts = 10);
    let records: Vec<_> = (0..3000).map(|n| record(&Hot::of("ada", n))).collect();
    transport.publish("t", &records).unwrap();
    let began = Instant::now();
    settled(&transport, "t", "g");
    let took = began.elapsed();
    let expected: Vec<_> = (0..3000).map(|number| number.to_string()).collect();
    assert_eq!(log.lines(), expected);
    println!("3,000 events behind a failure took {took:?}");
    stop(bus);
}

/// Without order, every consumer reads, and one retries what another one left.
#[test]
fn without_order_another_consumer_retries() {
    let tries = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&tries);
    let _connection = SHARED.connect_with("shared", 0, move |event| {
        let mut seen = seen.lock().unwrap();
        seen.push(event.number);
        let times = seen.iter().filter(|it| **it == event.number).count();
        if times == 1 {
            return Err("the first time");
        }
        Ok(())
    });
    let transport = memory();
    let slow = |config: &mut BusConfig| {
        config.consumer.order = Order::None;
        config.consumer.lease = Duration::from_millis(400);
        config.retry.first_delay = Duration::from_millis(1200);
        config.retry.max_delay = Duration::from_millis(1200);
        config.retry.jitter_percent = 0;
    };
    let first = start(&transport, slow);
    let records: Vec<_> = (0..50)
        .map(|number| record(&Shared::of(format!("customer-{}", number % 5), number)))
        .collect();
    transport.publish("t", &records).unwrap();
    eventually(|| parked(&transport) == 50, || "all are parked".into());
    let second = start(&transport, slow);
    stop(first);
    settled(&transport, "t", "g");
    let mut all = tries.lock().unwrap().clone();
    all.sort_unstable();
    let twice: Vec<_> = (0..50).flat_map(|number| [number, number]).collect();
    assert_eq!(all, twice);
    stop(second);
}

/// A run of a receiver: receiver, key, number, `true` for a success.
type Ledger = Arc<Mutex<Vec<(usize, i64, i64, bool)>>>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever fails, however often, and although buses come and go: per receiver and key, an event begins only when the one
    /// before is through, and each succeeds exactly once.
    #[test]
    fn order_holds_under_failures_and_restarts(seed in any::<u64>(), keys in 1_i64..6, workers in 1_usize..5) {
        let ledger = Ledger::default();
        let random = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
        let connect = |id: usize| {
            let (ledger, random) = (Arc::clone(&ledger), Arc::clone(&random));
            SHUFFLED.connect_with(["a", "b", "c"][id], 0, move |event| {
                let chance = random.lock().unwrap().u32(0..100);
                if chance < 5 {
                    thread::sleep(Duration::from_micros(300));
                }
                let is_ok = chance >= 25;
                let key = event.customer.parse().unwrap();
                ledger.lock().unwrap().push((id, key, event.number, is_ok));
                if is_ok { Ok(()) } else { Err("by chance") }
            })
        };
        let connections = [0, 1, 2].map(connect);
        let transport = memory();
        let records: Vec<_> = (0..200)
            .map(|number| record(&Shuffled::of((number % keys).to_string(), number)))
            .collect();
        let change = |config: &mut BusConfig| {
            config.consumer.workers = workers;
            config.consumer.max_in_flight = 50;
            config.consumer.batch = 7;
            config.retry.first_delay = Duration::from_millis(1);
            config.retry.max_delay = Duration::from_millis(20);
            config.retry.max_attempts = 1_000_000;
        };
        for part in records.chunks(70) {
            let bus = start(&transport, change);
            transport.publish("t", part).unwrap();
            thread::sleep(Duration::from_millis(30));
            stop(bus);
        }
        let bus = start(&transport, change);
        settled(&transport, "t", "g");
        stop(bus);
        drop(connections);
        let mut last: HashMap<(usize, i64), i64> = HashMap::new();
        let mut successes = 0;
        for (id, key, number, is_ok) in ledger.lock().unwrap().iter().copied() {
            // The next one is due: the one after the last success.
            let before = last.get(&(id, key)).copied();
            let expected = before.map_or(key, |before| before + keys);
            prop_assert_eq!(number, expected, "receiver {} key {}", id, key);
            if is_ok {
                last.insert((id, key), number);
                successes += 1;
            }
        }
        prop_assert_eq!(successes, 600);
    }
}
