//! Entries that say no key, as those of the Python services: events have the order of their own key.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
}

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{DeadReason, SharedTransport};
use events_bus::{Bus, Record, wire};
use events_core::{Event, EventMetadata, event};

use support::bus::{Log, quick, settled, stop};

#[event(type = "org.example.without_key.order.placed.v1", key = customer)]
struct Placed {
    number: i64,
    customer: String,
}

/// A text that its type cannot take.
#[derive(Debug, Clone, PartialEq, events_core::EventData)]
#[event_data(string)]
struct Grumpy;

impl std::fmt::Display for Grumpy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

impl std::str::FromStr for Grumpy {
    type Err = std::fmt::Error;

    fn from_str(_: &str) -> Result<Self, Self::Err> {
        panic!("a type that panics when it is read")
    }
}

#[event(type = "org.example.without_key.order.grumpy.v1", key = mood)]
struct Moody {
    mood: Grumpy,
}

fn record(event: &Placed) -> Record {
    let metadata = EventMetadata::new(Placed::INFO.event_type);
    Record::new(metadata, wire::encode(event).unwrap())
}

#[test]
fn events_have_the_order_of_their_own_key() {
    let log = Log::default();
    let seen = log.clone();
    let tries = std::sync::Mutex::new(HashMap::new());
    let _connection = PLACED.connect_with("pack", 0, move |event| {
        // Some take longer than others, and some fail the first time.
        thread::sleep(Duration::from_micros(
            event.number.unsigned_abs() * 7919 % 900,
        ));
        let mut tries = tries.lock().unwrap();
        let tried: &mut u32 = tries.entry(event.number).or_default();
        *tried += 1;
        if event.number % 41 == 0 && *tried == 1 {
            return Err("the first time");
        }
        seen.add(format!("{} {}", event.customer, event.number));
        Ok(())
    });
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let mut config = quick(BusConfig::memory().with_subscription("g", &["t"]));
    config.consumer.workers = 4;
    let records: Vec<_> = (1..=400)
        .map(|number| {
            let customer = format!("customer-{}", number % 7);
            record(&Placed { number, customer })
        })
        .collect();
    assert!(records.iter().all(|record| record.key.is_none()));
    transport.publish("t", &records).unwrap();
    let bus = Bus::builder(config)
        .transport(Arc::clone(&transport))
        .start()
        .unwrap();
    log.wait_for(400);
    settled(&transport, "t", "g");
    stop(bus);
    let mut last: HashMap<String, i64> = HashMap::new();
    for line in log.lines() {
        let (customer, number) = line.split_once(' ').unwrap();
        let number = number.parse().unwrap();
        let before = last.insert(customer.to_owned(), number).unwrap_or_default();
        assert!(before < number, "{customer}: {number} came behind {before}");
    }
}

/// What cannot be read is a dead letter as ever.
#[test]
fn what_cannot_be_read_is_a_dead_letter() {
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let metadata = EventMetadata::new(Placed::INFO.event_type);
    let truncated = Record::new(metadata, [2, 200]);
    let metadata = EventMetadata::new(Moody::INFO.event_type);
    let panics = Record::new(metadata, wire::encode(&Moody { mood: Grumpy }).unwrap());
    transport.publish("bad", &[truncated, panics]).unwrap();
    let config = quick(BusConfig::memory().with_subscription("g", &["bad"]));
    let bus = Bus::builder(config)
        .transport(Arc::clone(&transport))
        .start()
        .unwrap();
    settled(&transport, "bad", "g");
    stop(bus);
    let letters = transport.dead_letters("bad", None, 10).unwrap();
    let reasons: Vec<_> = letters.iter().map(|(_, letter)| letter.reason).collect();
    assert_eq!(reasons, [DeadReason::Undecodable; 2]);
}
