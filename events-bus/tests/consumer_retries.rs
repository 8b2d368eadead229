//! Parked retries: they hold no memory, survive a restart, keep the order of a key, and stop nobody else.

#![allow(
    clippy::unwrap_used,
    clippy::exhaustive_structs,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod hooked;
}

#[path = "parts/consumer_retries_queue.rs"]
mod queue;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::Bus;
use events_bus::config::{BusConfig, Order};
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{DeadReason, Limit, Member, RetryState, Settlement, SharedTransport};
use events_core::{RetryAfter, Timestamp, event};
use proptest::prelude::*;

use support::bus::{Log, eventually, quick, settled, stop};
use support::hooked::{When, hooked, join, lead_as, record};

macro_rules! events {
    ($($name:ident = $event_type:literal;)*) => {
        $(
            #[event(type = $event_type, key = customer)]
            pub struct $name {
                pub number: i64,
                pub customer: String,
            }

            impl $name {
                fn of(customer: impl Into<String>, number: i64) -> Self {
                    Self { number, customer: customer.into() }
                }
            }
        )*
    };
}

events! {
    Later = "org.example.retries.order.later.v1";
    Throttled = "org.example.retries.order.throttled.v1";
    Shuffled = "org.example.retries.order.shuffled.v1";
    Crowded = "org.example.retries.order.crowded.v1";
    Removed = "org.example.retries.order.removed.v1";
    Shared = "org.example.retries.order.shared.v1";
    Jumped = "org.example.retries.order.jumped.v1";
    Skewed = "org.example.retries.order.skewed.v1";
    Narrow = "org.example.retries.order.narrow.v1";
    Hot = "org.example.retries.order.hot.v1";
}

fn memory() -> SharedTransport {
    Arc::new(MemoryTransport::new())
}

fn start(transport: &SharedTransport, change: impl FnOnce(&mut BusConfig)) -> Bus {
    let mut config = quick(BusConfig::memory().with_subscription("g", &["t"]));
    change(&mut config);
    Bus::builder(config)
        .transport(Arc::clone(transport))
        .start()
        .unwrap()
}

fn parked(transport: &SharedTransport) -> u64 {
    let status = transport.status("t").unwrap();
    let groups = status.map(|status| status.groups).unwrap_or_default();
    groups.first().map_or(0, |group| group.parked)
}

#[test]
fn an_asked_delay_survives_a_restart() {
    let delay = Duration::from_millis(1500);
    let tries = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&tries);
    let _connection = LATER.connect_with("later", 0, move |event| {
        if event.number == 2 {
            return Err(RetryAfter::new(Duration::from_hours(1), "throttled"));
        }
        let mut seen = seen.lock().unwrap();
        seen.push(Instant::now());
        match seen.len() {
            1 => Err(RetryAfter::new(delay, "throttled")),
            _ => Ok(()),
        }
    });
    let transport = memory();
    let bus = start(&transport, |_| {});
    let records = [record(&Later::of("ada", 1)), record(&Later::of("bob", 2))];
    transport.publish("t", &records).unwrap();
    eventually(|| parked(&transport) == 2, || "two are parked".into());
    stop(bus);
    let bus = start(&transport, |_| {});
    eventually(
        || tries.lock().unwrap().len() == 2,
        || "the second attempt".into(),
    );
    let waited = {
        let tries = tries.lock().unwrap();
        tries[1].duration_since(tries[0])
    };
    assert!(waited >= delay, "{waited:?}");
    assert!(waited < delay + Duration::from_secs(5), "{waited:?}");
    eventually(|| parked(&transport) == 1, || "one stays parked".into());
    stop(bus);
    let (_, hour) = transport
        .retries(Member::new("t", "g", "x"))
        .unwrap()
        .remove(0);
    assert_eq!((hour.attempts, &*hour.error), (1, "throttled"));
    assert_eq!(hour.delay, Duration::from_hours(1));
    let left = hour.wait(Timestamp::now());
    assert!(left > Duration::from_mins(59), "{left:?}");
}

/// A clock that jumps adds at most the delay that was asked for.
#[test]
fn a_clock_jump_adds_at_most_the_delay() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = JUMPED.connect_with("jumped", 0, move |_| seen.add("ran"));
    let transport = memory();
    join(&transport);
    transport
        .publish("t", &[record(&Jumped::of("ada", 1))])
        .unwrap();
    let member = lead_as(&transport, "other", Duration::from_secs(10));
    let entry = transport
        .receive(member, Limit::entries(1), Duration::ZERO)
        .unwrap()
        .remove(0);
    let year = Timestamp::now().as_micros() + 365 * 24 * 3600 * 1_000_000;
    let state = RetryState {
        receiver: "jumped".into(),
        key: Some("ada".into()),
        attempts: 1,
        error: "no".into(),
        due: Timestamp::from_micros(year).unwrap(),
        delay: Duration::from_millis(300),
    };
    let parked = Settlement::new(entry.id, None, Arc::default())
        .with_parked(entry.record.unwrap(), vec![state]);
    transport.settle(member, &[parked]).unwrap();
    transport.release(member).unwrap();
    let bus = start(&transport, |_| {});
    let began = Instant::now();
    log.wait_for(1);
    assert!(began.elapsed() < Duration::from_secs(10));
    settled(&transport, "t", "g");
    stop(bus);
}

/// Without order, a delivery that a consumer with a clock far ahead has parked runs when it was asked for: it is claimed once, and
/// does not become a suspect.
#[test]
fn without_order_a_clock_that_is_ahead_costs_no_deliveries() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = SKEWED.connect_with("skewed", 0, move |_| seen.add("ran"));
    let inner = memory();
    join(&inner);
    let records = [1, 2, 3].map(|number| record(&Skewed::of("ada", number)));
    inner.publish("t", &records).unwrap();
    let other = Member::new("t", "g", "other");
    let entries = inner.receive(other, Limit::entries(3), Duration::ZERO);
    let hour = Timestamp::now().as_micros() + 3600 * 1_000_000;
    let parked = entries.unwrap().into_iter().map(|entry| {
        let state = RetryState {
            receiver: "skewed".into(),
            key: Some("ada".into()),
            attempts: 1,
            error: "no".into(),
            due: Timestamp::from_micros(hour).unwrap(),
            delay: Duration::from_millis(100),
        };
        Settlement::new(entry.id, None, Arc::default())
            .with_parked(entry.record.unwrap(), vec![state])
    });
    inner.settle(other, &parked.collect::<Vec<_>>()).unwrap();
    let claims = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&claims);
    let transport = hooked(&inner, move |call, when| {
        let is_claim = call == "claim_retries" && when == When::Before;
        counted.fetch_add(usize::from(is_claim), Ordering::SeqCst);
        Ok(())
    });
    let bus = start(&transport, |config| config.consumer.order = Order::None);
    log.wait_for(3);
    settled(&inner, "t", "g");
    stop(bus);
    let claims = claims.load(Ordering::SeqCst);
    assert!(claims <= 3, "three deliveries took {claims} claims");
}

/// In-flight entries are few while thousands of keys wait.
#[test]
fn five_thousand_waiting_keys_stop_nobody() {
    let others = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&others);
    let _busy = THROTTLED.connect_with("busy", 0, move |_| {
        Err::<(), _>(RetryAfter::new(Duration::from_mins(10), "ten minutes"))
    });
    let _other = THROTTLED.connect_with("other", 1, move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let transport = memory();
    let bus = start(&transport, |config| config.consumer.max_in_flight = 1000);
    let records: Vec<_> = (0..5000)
        .map(|number| record(&Throttled::of(format!("customer-{number}"), number)))
        .collect();
    transport.publish("t", &records).unwrap();
    eventually(
        || others.load(Ordering::Relaxed) == 5000,
        || format!("{others:?} of 5000"),
    );
    eventually(
        || parked(&transport) == 5000 && bus.consumers()[0].in_flight() == 0,
        || format!("{} are parked", parked(&transport)),
    );
    // A later event of a waiting key waits, and the other receiver gets it.
    transport
        .publish("t", &[record(&Throttled::of("customer-7", 5000))])
        .unwrap();
    eventually(|| parked(&transport) == 5001, || "it parks".into());
    assert_eq!(others.load(Ordering::Relaxed), 5001);
    assert_eq!(bus.consumers()[0].parked(), 5001);
    stop(bus);
}
