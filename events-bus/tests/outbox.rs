//! Events that the transport does not take. Each test has an event of its own.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod flaky;
    mod orders;
}

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use events_bus::config::{BusConfig, OutboxStore, WhenFull};
use events_bus::transport::{Log as _, Position, SharedTransport};
use events_bus::{Bus, TraceContext};
use events_core::Event;

use support::bus::{Log, eventually, quick, stop};
use support::flaky::Flaky;

order_events! {
    Delayed = "org.example.outbox.order.delayed.v1";
    Refused = "org.example.outbox.order.refused.v1";
    Blocked = "org.example.outbox.order.blocked.v1";
    Lost = "org.example.outbox.order.lost.v1";
    Doubtful = "org.example.outbox.order.doubtful.v1";
    Direct = "org.example.outbox.order.direct.v1";
    Forked = "org.example.outbox.order.forked.v1";
    Traced = "org.example.outbox.order.traced.v1";
    Unsettled = "org.example.outbox.order.unsettled.v1";
}

fn start<E: Event>(transport: &Arc<Flaky>, change: impl FnOnce(&mut BusConfig)) -> Bus {
    let mut config = quick(BusConfig::memory().with_route(E::INFO.event_type, "t"));
    config.outbox.store = OutboxStore::Memory;
    change(&mut config);
    let shared: SharedTransport = Arc::clone(transport) as SharedTransport;
    Bus::builder(config).transport(shared).start().unwrap()
}

/// The numbers of the entries, which are the first thing in each body.
fn numbers(transport: &Flaky, topic: &str) -> Vec<i64> {
    let entries = transport.read(topic, Position::Oldest, 10_000).unwrap();
    entries
        .into_iter()
        .map(|entry| i64::from(entry.record.unwrap().body[0]) / 2)
        .collect()
}

#[test]
fn events_wait_while_the_transport_is_down_and_follow_in_their_order() {
    let transport = Arc::new(Flaky::default());
    let failures = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&failures);
    let mut config = quick(BusConfig::memory().with_route(Delayed::INFO.event_type, "t"));
    config.outbox.store = OutboxStore::Memory;
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    let bus = Bus::builder(config)
        .transport(shared)
        .on_published(move |published| {
            if published.result.is_err() {
                *counted.lock().unwrap() += 1;
            }
        })
        .start()
        .unwrap();
    transport.down.store(true, Ordering::SeqCst);
    for number in 0..50 {
        assert!(DELAYED.send_event(Delayed::of(number)).is_ok());
    }
    let error = bus.flush(Duration::from_millis(100)).unwrap_err();
    assert_eq!(error.waiting, 50);
    assert_eq!(bus.waiting().unwrap(), 50);
    assert!(error.to_string().contains("flaky: is down"), "{error}");
    eventually(
        || *failures.lock().unwrap() > 0,
        || "a failure is reported".to_owned(),
    );
    transport.down.store(false, Ordering::SeqCst);
    bus.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(numbers(&transport, "t"), (0..50).collect::<Vec<_>>());
    assert_eq!(bus.producer_stats().published, 50);
    stop(bus);
    // The signal is cut off from the bus.
    assert_eq!(DELAYED.send_event(Delayed::of(51)).len(), 0);
}

#[test]
fn a_full_outbox_refuses_and_the_sender_is_told() {
    let transport = Arc::new(Flaky::default());
    let bus = start::<Refused>(&transport, |config| {
        config.outbox.capacity = 3;
        config.outbox.when_full = WhenFull::Refuse;
    });
    transport.down.store(true, Ordering::SeqCst);
    for number in 0..3 {
        assert!(REFUSED.send_event(Refused::of(number)).is_ok());
    }
    let errors = REFUSED
        .send_event(Refused::of(3))
        .into_result()
        .unwrap_err()
        .to_string();
    assert!(
        errors.contains("3 events wait to be published to `t`, which is its capacity, and `when_full` says to refuse"),
        "{errors}"
    );
    transport.down.store(false, Ordering::SeqCst);
    bus.flush(Duration::from_secs(20)).unwrap();
    assert!(REFUSED.send_event(Refused::of(4)).is_ok());
    bus.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(numbers(&transport, "t"), [0, 1, 2, 4]);
    stop(bus);
}

#[test]
fn a_full_outbox_makes_the_sender_wait_for_room() {
    let transport = Arc::new(Flaky::default());
    let bus = start::<Blocked>(&transport, |config| {
        config.outbox.capacity = 1;
        config.outbox.when_full = WhenFull::Block(Duration::from_secs(20));
    });
    transport.down.store(true, Ordering::SeqCst);
    assert!(BLOCKED.send_event(Blocked::of(0)).is_ok());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| BLOCKED.send_event(Blocked::of(1)).is_ok());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        transport.down.store(false, Ordering::SeqCst);
        assert!(waiting.join().unwrap());
    });
    bus.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(numbers(&transport, "t"), [0, 1]);
    stop(bus);
}

#[test]
fn a_shutdown_says_what_it_loses() {
    let transport = Arc::new(Flaky::default());
    let bus = start::<Lost>(&transport, |_| {});
    transport.down.store(true, Ordering::SeqCst);
    for number in 0..2 {
        assert!(LOST.send_event(Lost::of(number)).is_ok());
    }
    let error = bus.shutdown(Duration::from_millis(100)).unwrap_err();
    assert_eq!((error.waiting, error.lost), (2, true));
    assert!(error.to_string().contains("they are lost"), "{error}");
}

#[test]
fn a_batch_whose_fate_is_not_known_is_published_once() {
    let transport = Arc::new(Flaky::default());
    let bus = start::<Doubtful>(&transport, |_| {});
    transport.doubt.store(3, Ordering::SeqCst);
    for number in 0..20 {
        assert!(DOUBTFUL.send_event(Doubtful::of(number)).is_ok());
    }
    bus.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(transport.doubt.load(Ordering::SeqCst), 0);
    assert_eq!(numbers(&transport, "t"), (0..20).collect::<Vec<_>>());
    // A record that was there already is not counted as published.
    let stats = bus.producer_stats();
    assert_eq!(stats.published + stats.passed_over, 20);
    assert!(stats.passed_over > 0, "{stats:?}");
    assert_eq!(stats.failures, 3);
    stop(bus);
}

#[test]
fn without_an_outbox_the_sender_hears_of_it_at_once() {
    let transport = Arc::new(Flaky::default());
    let bus = start::<Direct>(&transport, |config| {
        config.outbox.store = OutboxStore::Transport;
    });
    transport.down.store(true, Ordering::SeqCst);
    let responses = DIRECT.send_event(Direct::of(0));
    let failures: Vec<_> = responses.failures().collect();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].receiver().id, "events_bus.producer");
    transport.down.store(false, Ordering::SeqCst);
    assert!(DIRECT.send_event(Direct::of(1)).is_ok());
    assert_eq!(numbers(&transport, "t"), [1]);
    stop(bus);
}

#[test]
fn an_event_goes_to_every_topic_that_it_is_routed_to() {
    let transport = Arc::new(Flaky::default());
    let bus = start::<Forked>(&transport, |config| {
        *config = config.clone().with_route(Forked::INFO.event_type, "u");
    });
    FORKED.send_event(Forked::of(7));
    bus.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(numbers(&transport, "t"), [7]);
    assert_eq!(numbers(&transport, "u"), [7]);
    stop(bus);
}

#[test]
fn a_trace_goes_along() {
    let transport = Arc::new(Flaky::default());
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    for store in [OutboxStore::Memory, OutboxStore::Transport] {
        let config = BusConfig::memory()
            .with_route(Traced::INFO.event_type, "t")
            .with_outbox(store);
        let bus = Bus::builder(quick(config))
            .transport(Arc::clone(&shared))
            .trace_with(move || TraceContext::parse(parent, None))
            .start()
            .unwrap();
        TRACED.send_event(Traced::of(1));
        stop(bus);
    }
    let entries = shared.read("t", Position::Oldest, 10).unwrap();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let trace = entry.record.unwrap().trace.unwrap();
        let id = format!("{:032x}", trace.trace_id());
        assert_eq!(id, "4bf92f3577b34da6a3ce929d0e0e4736");
    }
}

#[test]
fn what_cannot_be_settled_is_not_handled_twice() {
    let transport = Arc::new(Flaky::default());
    let log = Log::default();
    let seen = log.clone();
    let _connection = UNSETTLED.connect_with("sees", 0, move |event| {
        seen.add(event.number.to_string());
    });
    transport.unsettled.store(3, Ordering::SeqCst);
    let config = BusConfig::memory()
        .with_route(Unsettled::INFO.event_type, "t")
        .with_subscription("g", &["t"]);
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    let bus = Bus::builder(quick(config))
        .transport(Arc::clone(&shared))
        .start()
        .unwrap();
    let record = |number| {
        let body = events_bus::wire::encode(&Unsettled::of(number)).unwrap();
        let metadata = events_core::EventMetadata::new(Unsettled::INFO.event_type);
        events_bus::Record::new(metadata, body)
    };
    for number in 0..5 {
        transport.publish("t", &[record(number)]).unwrap();
    }
    support::bus::settled(&shared, "t", "g");
    assert_eq!(log.lines().len(), 5);
    stop(bus);
}
