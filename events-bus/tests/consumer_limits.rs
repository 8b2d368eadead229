//! Limits of a consumer: bytes in flight, copies of one event, events that nobody wants, dead letters.

#![allow(
    clippy::unwrap_used,
    clippy::exhaustive_structs,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

#[path = "parts/consumer_limits_full.rs"]
mod full;

mod support {
    pub mod bus;
    pub mod hooked;
}

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use events_bus::config::{BusConfig, UnknownTypes};
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{DeadLetter, DeadReason, EntryId, SharedTransport};
use events_bus::{Bus, Record, Requeued};
use events_core::{EventMetadata, Timestamp, event};

use support::bus::{Log, eventually, quick, settled, stop};
use support::hooked::{Gate, join, lead_as, record};

#[event(type = "org.example.limits.order.large.v1", key = customer)]
pub struct Large {
    pub customer: String,
    pub text: String,
}

#[event(type = "org.example.limits.order.copied.v1", key = customer)]
pub struct Copied {
    pub number: i64,
    pub customer: String,
}

#[event(type = "org.example.limits.order.keyless.v1")]
pub struct Keyless {
    pub number: i64,
}

#[event(type = "org.example.limits.order.unheard.v1")]
pub struct Unheard {
    pub number: i64,
}

fn memory() -> SharedTransport {
    Arc::new(MemoryTransport::new().with_duplicate_window(Duration::from_mins(10)))
}

fn start(transport: &SharedTransport, change: impl FnOnce(&mut BusConfig)) -> Bus {
    let mut config = quick(BusConfig::memory().with_subscription("g", &["t"]));
    change(&mut config);
    Bus::builder(config)
        .transport(Arc::clone(transport))
        .start()
        .unwrap()
}

#[test]
fn bytes_in_flight_are_bounded() {
    let gate = Gate::default();
    gate.close();
    let at = gate.clone();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let _connection = LARGE.connect_with("held", 0, move |_| {
        at.pass();
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let transport = memory();
    let text = "x".repeat(100_000);
    let records: Vec<_> = (0..60)
        .map(|number| {
            record(&Large {
                customer: number.to_string(),
                text: text.clone(),
            })
        })
        .collect();
    transport.publish("t", &records).unwrap();
    let bus = start(&transport, |config| {
        config.consumer.max_in_flight_bytes = 1_000_000;
        config.consumer.batch = 50;
    });
    let in_flight = || bus.consumers()[0].in_flight();
    eventually(|| in_flight() >= 9, || format!("{}", in_flight()));
    thread::sleep(Duration::from_millis(300));
    // The bound, and one entry more.
    assert!((9..=11).contains(&in_flight()), "{}", in_flight());
    gate.open();
    settled(&transport, "t", "g");
    assert_eq!(count.load(Ordering::Relaxed), 60);
    stop(bus);
}

/// Copies of one event that are in flight together run once, and a receiver that failed gets its retry.
#[test]
fn copies_in_flight_run_once() {
    let log = Log::default();
    let (good, bad) = (log.clone(), log.clone());
    let failed = Mutex::new(Vec::new());
    let _good = COPIED.connect_with("good", 0, move |event| {
        thread::sleep(Duration::from_millis(1));
        good.add(format!("good {}", event.number));
    });
    let _bad = COPIED.connect_with("bad", 0, move |event| {
        let mut failed = failed.lock().unwrap();
        if !failed.contains(&event.number) {
            failed.push(event.number);
            return Err("the first time");
        }
        bad.add(format!("bad {}", event.number));
        Ok(())
    });
    let transport = memory();
    let mut records: Vec<_> = (0..50)
        .map(|number| {
            record(&Copied {
                number,
                customer: (number % 3).to_string(),
            })
        })
        .collect();
    let copies = records.clone();
    records.extend(copies.clone());
    records.extend(copies);
    transport.publish("t", &records).unwrap();
    let bus = start(&transport, |config| config.consumer.workers = 3);
    settled(&transport, "t", "g");
    for number in 0..50 {
        assert_eq!(log.count(&format!("good {number}")), 1, "{number}");
        assert_eq!(log.count(&format!("bad {number}")), 1, "{number}");
    }
    stop(bus);
}

#[test]
fn copies_without_a_key_run_once_and_requeued_ones_again() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = KEYLESS.connect_with("seen", 0, move |event| {
        thread::sleep(Duration::from_millis(1));
        seen.add(event.number.to_string());
    });
    let transport = memory();
    let mut records = Vec::new();
    for number in 0..40 {
        let record = record(&Keyless { number });
        records.extend([record.clone(), record.clone(), record]);
    }
    transport.publish("t", &records).unwrap();
    join(&transport);
    let requeued = records[0]
        .clone()
        .with_requeued(Requeued::new("replay", "1-0"));
    transport.requeue("t", "g", &[requeued]).unwrap();
    let bus = start(&transport, |config| config.consumer.workers = 4);
    settled(&transport, "t", "g");
    for number in 1..40 {
        assert_eq!(log.count(&number.to_string()), 1, "{number}");
    }
    // It is in front of the others, so that these are copies of it.
    assert_eq!(log.count("0"), 1);
    let requeued = records[0]
        .clone()
        .with_requeued(Requeued::new("replay", "1-0"));
    transport.requeue("t", "g", &[requeued]).unwrap();
    settled(&transport, "t", "g");
    assert_eq!(log.count("0"), 2);
    stop(bus);
}

#[test]
fn unknown_types_are_skipped_on_request_and_unheard_ones_pass() {
    let transport = memory();
    let unknown = || {
        Record::new(
            EventMetadata::new("org.example.limits.order.nobody.v1"),
            [0],
        )
    };
    transport
        .publish("t", &[unknown(), record(&Unheard { number: 1 })])
        .unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let mut config = quick(BusConfig::memory().with_subscription("g", &["t"]));
    config.subscriptions[0].unknown_types = UnknownTypes::Skip;
    let bus = Bus::builder(config)
        .transport(Arc::clone(&transport))
        .on_handled(move |handled| {
            let dead = handled.dead().is_some();
            heard
                .lock()
                .unwrap()
                .push((dead, handled.receivers().len()));
        })
        .start()
        .unwrap();
    settled(&transport, "t", "g");
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 0);
    eventually(|| told.lock().unwrap().len() == 2, || "two are told".into());
    assert_eq!(*told.lock().unwrap(), [(false, 0), (false, 0)]);
    stop(bus);
    let bus = start(&transport, |_| {});
    transport.publish("t", &[unknown()]).unwrap();
    settled(&transport, "t", "g");
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 1);
    stop(bus);
}

#[test]
fn dead_letters_are_trimmed() {
    let transport = memory();
    join(&transport);
    let member = lead_as(&transport, "other", Duration::from_secs(1));
    let letter = |number: u64| {
        let record = record(&Unheard { number: 1 });
        let entry = EntryId::new(number, 0);
        DeadLetter::new(
            "g".into(),
            DeadReason::Exhausted,
            "no",
            entry,
            Timestamp::now(),
            Ok(record),
        )
    };
    transport
        .publish("t", &[record(&Unheard { number: 1 })])
        .unwrap();
    let limit = events_bus::transport::Limit::entries(1);
    let entry = transport.receive(member, limit, Duration::ZERO).unwrap();
    let settlement = events_bus::transport::Settlement::new(entry[0].id, None, Arc::default())
        .with_dead((1..=50).map(letter).collect());
    transport.settle(member, &[settlement]).unwrap();
    transport.release(member).unwrap();
    let bus = start(&transport, |config| config.dead_letters.max_entries = 10);
    let letters = || transport.status("t").unwrap().unwrap().dead_letters;
    eventually(|| letters() == 10, || format!("{} letters", letters()));
    let oldest = &transport.dead_letters("t", None, 1).unwrap()[0].1;
    assert_eq!(oldest.entry, EntryId::new(41, 0));
    stop(bus);
}
