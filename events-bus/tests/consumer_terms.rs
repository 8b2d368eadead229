//! Terms of a consumer: leases, epochs, failing calls, and entries that nobody works on.

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

#[path = "parts/consumer_terms_entries.rs"]
mod entries;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::Bus;
use events_bus::config::BusConfig;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{Claim, Limit, Member, Settlement, SharedTransport};
use events_core::event;

use support::bus::{Log, eventually, quick, settled, stop};
use support::hooked::{Gate, When, hooked, lead_as, record, unavailable};

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
    Paused = "org.example.terms.order.paused.v1";
    Woken = "org.example.terms.order.woken.v1";
    Between = "org.example.terms.order.between.v1";
    Stranded = "org.example.terms.order.stranded.v1";
    Lost = "org.example.terms.order.lost.v1";
    Twice = "org.example.terms.order.twice.v1";
    Shaky = "org.example.terms.order.shaky.v1";
    Panics = "org.example.terms.order.panics.v1";
    Released = "org.example.terms.order.released.v1";
    Behind = "org.example.terms.order.behind.v1";
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

/// Returns a transport whose calls wait at a gate: a process that is paused, but for its receivers.
fn gated(inner: &SharedTransport) -> (SharedTransport, Gate) {
    let gate = Gate::default();
    let at = gate.clone();
    let transport = hooked(inner, move |_, when| {
        if when == When::Before {
            at.pass();
        }
        Ok(())
    });
    (transport, gate)
}

const LEASE: Duration = Duration::from_millis(400);

/// A leader whose lease ends starts no receiver, and settles nothing once another one leads.
#[test]
fn a_paused_leader_starts_nothing_and_settles_nothing() {
    let inner = memory();
    let (transport, gate) = gated(&inner);
    let starts = Arc::new(Mutex::new(Vec::new()));
    let (seen, at, once) = (Arc::clone(&starts), gate.clone(), AtomicBool::new(false));
    let _connection = PAUSED.connect_with("paused", 0, move |event| {
        seen.lock().unwrap().push((event.number, Instant::now()));
        if event.number == 3 && !once.swap(true, Ordering::Relaxed) {
            // From here on the process hears nothing of its transport.
            at.close();
        }
        thread::sleep(Duration::from_millis(50));
    });
    let bus = start(&transport, |config| {
        config.consumer.lease = LEASE;
        config.consumer.workers = 1;
    });
    let records: Vec<_> = (0..100).map(|n| record(&Paused::of("ada", n))).collect();
    transport.publish("t", &records).unwrap();
    eventually(
        || {
            starts
                .lock()
                .unwrap()
                .iter()
                .any(|(number, _)| *number == 3)
        },
        || "it is paused".into(),
    );
    let closed = Instant::now();
    let other = lead_as(&inner, "other", Duration::from_secs(30));
    let led = Instant::now();
    thread::sleep(LEASE);
    let until = starts.lock().unwrap().clone();
    assert!(until.len() > 4 && until.len() < 25, "{until:?}");
    for (number, at) in &until {
        assert!(
            *at < led + Duration::from_millis(5),
            "{number} began after the lease"
        );
        assert!(*at < closed + LEASE + Duration::from_millis(60), "{number}");
    }
    // Everything that is not settled is the other one's.
    let claim = Claim {
        after: None,
        own: true,
        idle: Duration::ZERO,
        limit: Limit::entries(1000),
        max_deliveries: 100,
        trial: false,
    };
    let claimed = inner.claim(other, claim).unwrap().entries;
    let new = inner
        .receive(other, Limit::entries(1000), Duration::ZERO)
        .unwrap();
    assert!(
        claimed.len() + new.len() >= 90,
        "{} {}",
        claimed.len(),
        new.len()
    );
    gate.open();
    thread::sleep(LEASE * 2);
    assert!(!bus.consumers()[0].is_reading());
    assert_eq!(starts.lock().unwrap().len(), until.len());
    let group = inner.status("t").unwrap().unwrap().groups.remove(0);
    assert_eq!(group.pending, (claimed.len() + new.len()) as u64);
    assert_eq!(group.leader.as_deref(), Some("other"));
    inner.release(other).unwrap();
    settled(&inner, "t", "g");
    stop(bus);
}

/// Between the receivers of one event, too.
#[test]
fn the_lease_is_checked_before_each_receiver() {
    let inner = memory();
    let (transport, gate) = gated(&inner);
    let log = Log::default();
    let (first, second, at) = (log.clone(), log.clone(), gate.clone());
    let calls = AtomicUsize::new(0);
    let _first = BETWEEN.connect_with("first", 0, move |_| {
        first.add("first");
        if calls.fetch_add(1, Ordering::Relaxed) == 0 {
            at.close();
            thread::sleep(LEASE * 2);
        }
    });
    let _second = BETWEEN.connect_with("second", 1, move |_| second.add("second"));
    let bus = start(&transport, |config| config.consumer.lease = LEASE);
    inner
        .publish("t", &[record(&Between::of("ada", 1))])
        .unwrap();
    log.wait_for(1);
    let other = lead_as(&inner, "other", Duration::from_secs(30));
    thread::sleep(LEASE * 2);
    assert_eq!(log.lines(), ["first"]);
    gate.open();
    thread::sleep(LEASE);
    assert_eq!(log.lines(), ["first"]);
    inner.release(other).unwrap();
    settled(&inner, "t", "g");
    // What ran when the process was paused is a duplicate.
    assert_eq!(log.lines(), ["first", "first", "second"]);
    stop(bus);
}

/// If nobody took the lead, a leader that was paused goes on, and nothing runs twice.
#[test]
fn a_leader_that_wakes_up_in_time_goes_on() {
    let inner = memory();
    let (transport, gate) = gated(&inner);
    let log = Log::default();
    let seen = log.clone();
    let _connection = WOKEN.connect_with("woken", 0, move |event| {
        seen.add(event.number.to_string());
        thread::sleep(Duration::from_millis(5));
    });
    let bus = start(&transport, |config| {
        config.consumer.lease = LEASE;
        config.consumer.workers = 1;
    });
    let records: Vec<_> = (0..300).map(|n| record(&Woken::of("ada", n))).collect();
    inner.publish("t", &records).unwrap();
    log.wait_for(10);
    gate.close();
    thread::sleep(LEASE * 3);
    let paused = log.lines().len();
    thread::sleep(LEASE);
    assert_eq!(log.lines().len(), paused, "receivers start without a lease");
    assert!(paused < 300, "the test is too slow to pause the leader");
    assert!(!bus.consumers()[0].is_reading());
    gate.open();
    settled(&inner, "t", "g");
    let expected: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    assert_eq!(log.lines(), expected);
    stop(bus);
}
