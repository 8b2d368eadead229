//! Entries of a term: found, settled and given back.

use super::*;

/// Entries that somebody else was handed, and nobody works on, are found while the consumer leads.
#[test]
fn stranded_entries_are_found() {
    let transport = memory();
    let log = Log::default();
    let seen = log.clone();
    let _connection = STRANDED.connect_with("seen", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let bus = start(&transport, |config| {
        config.consumer.lease = Duration::from_secs(1);
    });
    transport
        .publish("t", &[record(&Stranded::of("ada", 0))])
        .unwrap();
    log.wait_for(1);
    settled(&transport, "t", "g");
    // The bus waits for new entries as well: one of the two gets each.
    let ghost = Member::new("t", "g", "ghost");
    let mut stranded = 0;
    for number in 1..2000 {
        transport
            .publish("t", &[record(&Stranded::of(number.to_string(), number))])
            .unwrap();
        let entries = transport.receive(ghost, Limit::entries(10), Duration::ZERO);
        stranded += entries.unwrap().len();
        if stranded >= 3 {
            break;
        }
    }
    assert!(stranded > 0, "the ghost got nothing");
    let began = Instant::now();
    settled(&transport, "t", "g");
    let took = began.elapsed();
    assert!(took < Duration::from_millis(1500), "{took:?}");
    let count = log.lines().len() as u64;
    let entries = transport.status("t").unwrap().unwrap().entries;
    assert_eq!(count, entries);
    stop(bus);
}

/// A call that fails may have handed entries out: they are neither lost nor run out of order, and what runs goes on.
#[test]
fn entries_whose_answer_is_lost_are_claimed_in_order() {
    let inner = memory();
    let calls = Arc::new(AtomicUsize::new(0));
    let transport = hooked(&inner, move |name, when| {
        let fails = name == "receive"
            && when == When::After
            && calls.fetch_add(1, Ordering::Relaxed) % 3 == 1;
        if fails { Err(unavailable()) } else { Ok(()) }
    });
    let log = Log::default();
    let seen = log.clone();
    let _connection = LOST.connect_with("seen", 0, move |event| {
        thread::sleep(Duration::from_millis(2));
        seen.add(event.number.to_string());
    });
    let records: Vec<_> = (0..300).map(|n| record(&Lost::of("ada", n))).collect();
    inner.publish("t", &records).unwrap();
    let bus = start(&transport, |config| config.consumer.batch = 20);
    settled(&inner, "t", "g");
    let expected: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    assert_eq!(log.lines(), expected);
    stop(bus);
}

/// A settlement whose answer is lost is repeated, and changes nothing the second time.
#[test]
fn settlements_are_repeated() {
    let inner = memory();
    let calls = Arc::new(AtomicUsize::new(0));
    let transport = hooked(&inner, move |name, when| {
        let is_settle = matches!(name, "settle" | "claim_retries");
        let fails = is_settle
            && when == When::After
            && calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        if fails { Err(unavailable()) } else { Ok(()) }
    });
    let log = Log::default();
    let (good, bad) = (log.clone(), log.clone());
    let _good = TWICE.connect_with("good", 0, move |event| {
        good.add(format!("good {}", event.number));
    });
    let _bad = TWICE.connect_with("bad", 1, move |event| {
        bad.add(format!("bad {}", event.number));
        Err::<(), _>("always")
    });
    let bus = start(&transport, |_| {});
    let records: Vec<_> = (0..20)
        .map(|n| record(&Twice::of((n % 4).to_string(), n)))
        .collect();
    inner.publish("t", &records).unwrap();
    settled(&inner, "t", "g");
    for number in 0..20 {
        assert_eq!(log.count(&format!("good {number}")), 1);
        assert_eq!(log.count(&format!("bad {number}")), 3);
    }
    assert_eq!(inner.status("t").unwrap().unwrap().dead_letters, 20);
    stop(bus);
}

/// Errors at random in every call.
#[test]
fn a_shaky_transport_loses_and_repeats_nothing_in_order() {
    let inner = memory();
    let is_shaky = Arc::new(AtomicBool::new(true));
    let shaky = Arc::clone(&is_shaky);
    let random = Mutex::new(fastrand::Rng::with_seed(7));
    let transport = hooked(&inner, move |_, _| {
        if shaky.load(Ordering::Relaxed) && random.lock().unwrap().u32(0..100) < 15 {
            return Err(unavailable());
        }
        Ok(())
    });
    let log = Log::default();
    let seen = log.clone();
    let random = Mutex::new(fastrand::Rng::with_seed(8));
    let _connection = SHAKY.connect_with("seen", 0, move |event| {
        if random.lock().unwrap().u32(0..100) < 20 {
            return Err("by chance");
        }
        seen.add(format!("{} {}", event.customer, event.number));
        Ok(())
    });
    let records: Vec<_> = (0..400)
        .map(|n| record(&Shaky::of((n % 5).to_string(), n)))
        .collect();
    inner.publish("t", &records).unwrap();
    let bus = start(&transport, |config| {
        config.consumer.lease = Duration::from_secs(5);
        config.consumer.batch = 10;
        config.retry.max_attempts = 1_000_000;
    });
    eventually(|| log.lines().len() >= 200, || "half of them".into());
    is_shaky.store(false, Ordering::Relaxed);
    settled(&inner, "t", "g");
    stop(bus);
    for key in 0..5 {
        let of_key: Vec<i64> = log
            .lines()
            .iter()
            .filter_map(|line| line.strip_prefix(&format!("{key} "))?.parse().ok())
            .collect();
        let expected: Vec<i64> = (0..400).filter(|number| number % 5 == key).collect();
        assert_eq!(of_key, expected);
    }
}

/// A transport of another crate may panic: the consumer begins a new term.
#[test]
fn a_transport_that_panics_does_not_end_the_consumer() {
    let inner = memory();
    let calls = Arc::new(AtomicUsize::new(0));
    let transport = hooked(&inner, move |name, when| {
        let is_one = when == When::Before && matches!(name, "receive" | "settle" | "lead");
        assert!(
            !is_one || calls.fetch_add(1, Ordering::Relaxed) > 4,
            "a transport that panics"
        );
        Ok(())
    });
    let log = Log::default();
    let seen = log.clone();
    let _connection = PANICS.connect_with("seen", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let bus = start(&transport, |_| {});
    inner
        .publish("t", &[record(&Panics::of("ada", 1))])
        .unwrap();
    eventually(|| log.count("1") >= 1, || "it is handled".into());
    settled(&inner, "t", "g");
    stop(bus);
}

/// A result does not wait for the receiver that runs next.
#[test]
fn results_are_settled_while_a_receiver_takes_its_time() {
    let transport = memory();
    let gate = Gate::default();
    gate.close();
    let at = gate.clone();
    let _connection = BEHIND.connect_with("slow", 0, move |event| {
        if event.number == 1 {
            at.pass();
        }
    });
    let records: Vec<_> = (0..2).map(|n| record(&Behind::of("ada", n))).collect();
    transport.publish("t", &records).unwrap();
    let bus = start(&transport, |config| config.consumer.workers = 1);
    let in_flight = || bus.consumers()[0].in_flight();
    eventually(
        || {
            transport
                .status("t")
                .unwrap()
                .unwrap()
                .groups
                .iter()
                .any(|group| group.pending == 1)
        },
        || format!("{} in flight", in_flight()),
    );
    gate.open();
    settled(&transport, "t", "g");
    stop(bus);
}

/// An orderly stop does not count as a delivery.
#[test]
fn a_stop_takes_deliveries_back() {
    let transport = memory();
    let gate = Gate::default();
    let at = gate.clone();
    let log = Log::default();
    let seen = log.clone();
    let _connection = RELEASED.connect_with("held", 0, move |event| {
        seen.add(event.number.to_string());
        at.pass();
    });
    gate.close();
    let records: Vec<_> = (0..10).map(|n| record(&Released::of("ada", n))).collect();
    transport.publish("t", &records).unwrap();
    for round in 1..=3 {
        let bus = start(&transport, |_| {});
        log.wait_for(round);
        let error = bus.shutdown(Duration::from_millis(100)).unwrap_err();
        assert!(error.consumers[0].running, "{error}");
    }
    let other = lead_as(&transport, "other", Duration::from_secs(10));
    let claim = Claim {
        after: None,
        own: true,
        idle: Duration::ZERO,
        limit: Limit::entries(100),
        max_deliveries: 5,
        trial: false,
    };
    let entries = transport.claim(other, claim).unwrap().entries;
    assert_eq!(entries.len(), 10);
    assert!(
        entries.iter().all(|entry| entry.deliveries == 1),
        "{entries:?}"
    );
    let settlements: Vec<_> = entries
        .iter()
        .map(|entry| Settlement::new(entry.id, None, Arc::default()))
        .collect();
    transport.settle(other, &settlements).unwrap();
    gate.open();
}
