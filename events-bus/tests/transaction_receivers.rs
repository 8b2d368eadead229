//! Receivers of relayed events: a consumer runs them, with retries and timeouts. Each test has an event of its own.

#![allow(
    clippy::exhaustive_structs,
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod gate;
    mod orders;
    pub mod shop;
}

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use events_bus::Bus;
use events_bus::config::BusConfig;
use events_bus::transaction::sqlite;

use support::bus::{Log, eventually, quick, stop};
use support::gate::Gate;
use support::shop::{Shop, leads, numbers, published, start};

order_events! {
    Slow = "org.example.receivers.order.slow.v1";
    Local = "org.example.receivers.order.local.v1";
    Hopeless = "org.example.receivers.order.hopeless.v1";
    Many = "org.example.receivers.order.many.v1";
}

fn thread_name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

#[test]
fn a_receiver_that_is_slow_or_fails_does_not_hold_up_the_relay() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let (slow, flaky) = (Log::default(), Log::default());
    let (seen, open) = (slow.clone(), Arc::new(AtomicBool::new(false)));
    let released = Arc::clone(&open);
    let _slow = SLOW.connect_with("slow", 0, move |event| {
        assert_ne!(thread_name(), "events-relay");
        while !released.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        seen.add(event.number.to_string());
    });
    let (seen, attempts) = (flaky.clone(), Mutex::new(HashMap::<i64, u32>::new()));
    let _flaky = SLOW.connect_with("flaky", 1, move |event| {
        let mut attempts = attempts.lock().unwrap();
        let attempt = attempts.entry(event.number).or_default();
        *attempt += 1;
        if *attempt < 3 {
            return Err("503");
        }
        seen.add(event.number.to_string());
        Ok(())
    });
    let bus = start::<Slow>(&transport, shop.outbox());
    shop.send(&SLOW, (1..=10).map(Slow::of));
    shop.is_emptied();
    assert_eq!(
        numbers(&published(&transport)),
        (1..=10).collect::<Vec<_>>()
    );
    assert!(
        slow.lines().is_empty(),
        "the first run of it has not returned"
    );
    open.store(true, Ordering::SeqCst);
    let expected: Vec<_> = (1..=10).map(|number| number.to_string()).collect();
    assert_eq!(slow.wait_for(10), expected, "one key: in order");
    assert_eq!(
        flaky.wait_for(10),
        expected,
        "in order, each once, after two failures"
    );
    stop(bus);
    assert_eq!(
        published(&transport).len(),
        10,
        "the consumer publishes nothing again"
    );
}

#[test]
fn without_a_transport_a_row_stays_until_its_receivers_are_done() {
    let (shop, log) = (Shop::new(), Log::default());
    let (seen, open) = (log.clone(), Arc::new(AtomicBool::new(false)));
    let released = Arc::clone(&open);
    let _connection = LOCAL.connect_with("waits", 0, move |event| {
        seen.add(event.number.to_string());
        while !released.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    shop.send(&LOCAL, (1..=3).map(Local::of));
    let bus = || {
        let config = quick(BusConfig::none());
        Bus::builder(config).relay(shop.outbox()).start().unwrap()
    };
    let first = bus();
    assert_eq!(log.wait_for(1), ["1"]);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(shop.left(), 3, "none is done");
    assert!(
        first.shutdown(Duration::from_millis(300)).is_err(),
        "a receiver runs"
    );
    assert_eq!(shop.left(), 3, "as after a kill");
    open.store(true, Ordering::SeqCst);
    let second = bus();
    shop.is_emptied();
    stop(second);
    let mut lines = log.lines();
    lines.dedup();
    assert_eq!(lines, ["1", "2", "3"], "at least once, in order");
    // A shutdown that has time waits for the receivers, and the rows leave the database.
    open.store(false, Ordering::SeqCst);
    let third = bus();
    leads(&third);
    shop.send(&LOCAL, [Local::of(4)]);
    eventually(|| log.count("4") == 1, || "it runs".into());
    let opener = {
        let open = Arc::clone(&open);
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1_500));
            open.store(true, Ordering::SeqCst);
        })
    };
    third.shutdown(Duration::from_secs(2)).unwrap();
    opener.join().unwrap();
    assert_eq!(
        shop.left(),
        0,
        "the receiver ended in the second half of the time"
    );
}

#[test]
fn without_a_transport_a_row_whose_receiver_gives_up_is_quarantined() {
    let (shop, log) = (Shop::new(), Log::default());
    let (seen, works) = (log.clone(), Arc::new(AtomicBool::new(false)));
    let repaired = Arc::clone(&works);
    let _connection = HOPELESS.connect_with("fails", 0, move |event| {
        seen.add(event.number.to_string());
        if event.number == 2 && !repaired.load(Ordering::SeqCst) {
            return Err("503");
        }
        Ok(())
    });
    shop.send(&HOPELESS, (1..=3).map(Hopeless::of));
    let config = quick(BusConfig::none());
    let bus = Bus::builder(config).relay(shop.outbox()).start().unwrap();
    shop.is_emptied();
    let problem: String = shop
        .open()
        .query_row("SELECT problem FROM events_outbox", [], |row| row.get(0))
        .unwrap();
    assert_eq!(problem, "receiver `fails` gave up (exhausted): 503");
    assert_eq!(log.count("2"), 3);
    assert_eq!(sqlite::status(&shop.open()).unwrap().quarantined, 1);
    works.store(true, Ordering::SeqCst);
    let requeue = "UPDATE events_outbox SET problem = NULL";
    shop.open().execute_batch(requeue).unwrap();
    eventually(|| log.count("2") == 4, || "it is sent again".into());
    shop.is_emptied();
    stop(bus);
}

#[test]
fn without_a_transport_many_rows_run_a_few_at_a_time() {
    const ROWS: i64 = 4_000;
    let (shop, log) = (Shop::new(), Log::default());
    let seen = log.clone();
    let _connection = MANY.connect_with("counts", 0, move |event| {
        seen.add(event.number.to_string());
    });
    let mut connection = shop.open();
    let mut order = connection.transaction().unwrap();
    for number in 1..=ROWS {
        events_bus::transaction::send_in(&mut order, &MANY, Many::of(number)).unwrap();
    }
    order.commit().unwrap();
    let config = quick(BusConfig::none());
    let bus = Bus::builder(config).relay(shop.outbox()).start().unwrap();
    shop.is_emptied();
    stop(bus);
    let expected: Vec<_> = (1..=ROWS).map(|number| number.to_string()).collect();
    assert_eq!(log.lines(), expected, "each once, in order");
}

#[cfg(feature = "tokio")]
mod tasks {
    use super::*;

    order_events! {
        Asynchronous = "org.example.receivers.order.asynchronous.v1";
        Abandoned = "org.example.receivers.order.abandoned.v1";
    }

    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    static DONE: AtomicUsize = AtomicUsize::new(0);
    static FAILED: AtomicUsize = AtomicUsize::new(0);

    #[events_core::receiver(ASYNCHRONOUS, id = "receivers.asynchronous", manual)]
    async fn works(number: i64) -> Result<(), &'static str> {
        MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        NOW.fetch_sub(1, Ordering::SeqCst);
        if number % 10 == 0 && FAILED.fetch_add(1, Ordering::SeqCst) < 20 {
            return Err("503");
        }
        DONE.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// A runtime of one thread, which ends with the process.
    fn runtime() -> tokio::runtime::Handle {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    }

    /// Two hundred rows, of which one in ten fails once.
    #[test]
    fn async_receivers_are_bounded_retried_and_awaited_at_the_end() {
        let (shop, runtime) = (Shop::new(), runtime());
        let connection = ASYNCHRONOUS
            .connect_receiver("receivers.asynchronous")
            .unwrap();
        let _guard = runtime.enter();
        let event = |number| {
            let mut event = Asynchronous::of(number);
            event.customer = format!("c{number}");
            event
        };
        shop.send(&ASYNCHRONOUS, (1..=200).map(event));
        let transport = Arc::new(Gate::default());
        let bus = start::<Asynchronous>(&transport, shop.outbox());
        shop.is_emptied();
        assert!(
            DONE.load(Ordering::SeqCst) < 200,
            "it is stored, and not done"
        );
        eventually(
            || DONE.load(Ordering::SeqCst) == 200,
            || format!("{} done", DONE.load(Ordering::SeqCst)),
        );
        assert_eq!(
            FAILED.load(Ordering::SeqCst),
            40,
            "each of twenty failed once"
        );
        assert!(MOST.load(Ordering::SeqCst) <= 64, "{MOST:?} at once");
        stop(bus);
        drop(connection);
    }

    static OPEN: AtomicBool = AtomicBool::new(false);

    #[events_core::receiver(ABANDONED, id = "receivers.abandoned", manual)]
    async fn waits() {
        while !OPEN.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[test]
    fn a_shutdown_reports_async_receivers_that_have_not_finished() {
        let (shop, runtime) = (Shop::new(), runtime());
        let connection = ABANDONED.connect_receiver("receivers.abandoned").unwrap();
        let _guard = runtime.enter();
        shop.send(&ABANDONED, [Abandoned::of(1)]);
        let transport = Arc::new(Gate::default());
        let bus = start::<Abandoned>(&transport, shop.outbox());
        shop.is_emptied();
        eventually(
            || {
                bus.consumers()
                    .iter()
                    .any(|consumer| consumer.in_flight() == 1)
            },
            || "it runs".into(),
        );
        let error = bus.shutdown(Duration::from_millis(500)).unwrap_err();
        assert!(error.consumers.iter().any(|error| error.running), "{error}");
        assert_eq!(error.relays, 0, "{error}");
        // The work is kept: the next bus does it.
        OPEN.store(true, Ordering::SeqCst);
        let bus = start::<Abandoned>(&transport, shop.outbox());
        let left = || {
            use events_bus::transport::Maintenance;
            let topics = transport.inner.topics().unwrap();
            let topic = topics
                .into_iter()
                .find(|it| it.topic.starts_with("events:relay:"));
            topic.unwrap().groups[0].lag()
        };
        eventually(|| left() == Some(0), || format!("{:?}", left()));
        stop(bus);
        drop(connection);
    }
}
