//! Durable receivers: their work is stored before the send returns, and done by a bus, this one or the next. They are found by the
//! linker and a process has one durable store, so this file has one test at a time.

#![allow(
    clippy::unwrap_used,
    clippy::exhaustive_structs,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
}

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use events_bus::Bus;
use events_bus::config::BusConfig;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{SharedTransport, names};
use events_core::{EventMetadata, Outcome, event, receiver};

use support::bus::{Log, eventually, quick, stop};

/// Emitted when an order was paid.
#[event(type = "org.example.durable.order.paid.v1", key = customer)]
pub struct OrderPaid {
    pub number: i64,
    pub customer: String,
}

static LOG: LazyLock<Log> = LazyLock::new(Log::default);
static BROKEN: AtomicBool = AtomicBool::new(false);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[receiver(ORDER_PAID, id = "durable.ship", durable)]
fn ship(number: i64, metadata: &EventMetadata, from_event_bus: bool) -> Result<(), &'static str> {
    if BROKEN.load(Ordering::SeqCst) {
        LOG.add(format!("broken {number}"));
        return Err("no van");
    }
    LOG.add(format!("ship {number} {from_event_bus} {}", metadata.id()));
    Ok(())
}

#[receiver(ORDER_PAID, id = "durable.thank", alias = "durable.greet", durable)]
fn thank(number: i64) {
    LOG.add(format!("thank {number}"));
}

#[receiver(ORDER_PAID, id = "durable.count")]
fn count(number: i64) {
    LOG.add(format!("count {number}"));
}

fn paid(number: i64) -> OrderPaid {
    OrderPaid {
        number,
        customer: "ada".to_owned(),
    }
}

fn start(transport: &SharedTransport) -> Bus {
    let mut config = quick(BusConfig::memory());
    config.retry.max_attempts = 1000;
    Bus::builder(config)
        .transport(Arc::clone(transport))
        .start()
        .unwrap()
}

fn left(transport: &SharedTransport) -> Option<u64> {
    let topics = transport.topics().unwrap();
    let topic = topics
        .iter()
        .find(|topic| topic.topic.starts_with(names::INTERNAL))?;
    let group = topic.groups.first()?;
    group.lag().map(|lag| lag + group.parked)
}

#[test]
fn a_send_stores_the_work_and_the_bus_does_it() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let before = LOG.lines().len();
    let bus = start(&transport);
    let responses = ORDER_PAID.send_event(paid(1));
    let outcomes: Vec<_> = responses
        .iter()
        .map(|response| {
            let stored = matches!(response.outcome(), Outcome::Stored);
            (response.receiver().id.to_string(), stored)
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("durable.count".to_owned(), false),
            ("durable.ship".to_owned(), true),
            ("durable.thank".to_owned(), true)
        ]
    );
    LOG.wait_for(before + 3);
    eventually(|| left(&transport) == Some(0), || "the work is done".into());
    let lines = &LOG.lines()[before..];
    assert!(lines.iter().any(|line| line.starts_with("ship 1 false ")));
    assert_eq!(lines.iter().filter(|line| *line == "count 1").count(), 1);
    stop(bus);
    // Without a bus there is nobody to store it, and that is no success.
    let responses = ORDER_PAID.send_event(paid(2));
    assert_eq!(responses.failures().count(), 2);
}

#[test]
fn what_one_bus_leaves_the_next_one_does() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    BROKEN.store(true, Ordering::SeqCst);
    let before = LOG.lines().len();
    let bus = start(&transport);
    ORDER_PAID.send_event(paid(7));
    eventually(
        || LOG.lines()[before..].contains(&"broken 7".to_owned()),
        || "the receiver fails".into(),
    );
    eventually(
        || LOG.lines()[before..].contains(&"thank 7".to_owned()),
        || "the other one is run".into(),
    );
    stop(bus);
    assert_eq!(left(&transport), Some(1));
    BROKEN.store(false, Ordering::SeqCst);
    let bus = start(&transport);
    eventually(|| left(&transport) == Some(0), || "the work is done".into());
    let lines = &LOG.lines()[before..];
    let times = |prefix: &str| lines.iter().filter(|line| line.starts_with(prefix)).count();
    assert_eq!(
        (times("ship 7"), times("thank 7"), times("count 7")),
        (1, 1, 1)
    );
    stop(bus);
}

/// Work that is done leaves the topic: a file would grow for ever.
#[test]
fn work_that_is_done_leaves_the_topic() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let bus = start(&transport);
    for number in 100..150 {
        ORDER_PAID.send_event(paid(number));
    }
    eventually(|| left(&transport) == Some(0), || "the work is done".into());
    stop(bus);
    let bus = start(&transport);
    let entries = || transport.topics().unwrap()[0].entries;
    eventually(|| entries() == 0, || format!("{} entries stay", entries()));
    stop(bus);
}

#[test]
fn a_second_bus_in_one_process_is_refused() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let bus = start(&transport);
    let error = Bus::builder(quick(BusConfig::memory()))
        .transport(Arc::clone(&transport))
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("installed already"), "{error}");
    bus.shutdown(Duration::from_secs(10)).unwrap();
}
