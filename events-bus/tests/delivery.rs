//! Delivery on a bus in memory: receivers, retries, dead letters, duplicates. Each test has an event of its own.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use events_bus::admin::{self, LetterFilter, Replay};
use events_bus::config::BusConfig;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{DeadReason, Position, SharedTransport};
use events_bus::{Bus, Record};
use events_core::{AnyEvent, AnySignal, Delivery, Event, EventMetadata, PermanentError, event};

use support::bus::{Log, eventually, quick, settled, stop};

macro_rules! events {
    ($($name:ident = $event_type:literal;)*) => {
        $(
            #[event(type = $event_type, key = customer)]
            #[derive(Eq)]
            #[non_exhaustive]
            pub struct $name {
                pub number: i64,
                pub customer: String,
            }

            impl $name {
                #[allow(dead_code, clippy::allow_attributes, reason = "not every test sends one")]
                fn of(customer: &str, number: i64) -> Self {
                    Self { number, customer: customer.to_owned() }
                }
            }
        )*
    };
}

events! {
    Arrived = "org.example.delivery.order.arrived.v1";
    Retried = "org.example.delivery.order.retried.v1";
    Hopeless = "org.example.delivery.order.hopeless.v1";
    Ordered = "org.example.delivery.order.ordered.v1";
    Unreadable = "org.example.delivery.order.unreadable.v1";
    Resumed = "org.example.delivery.order.resumed.v1";
    Doubled = "org.example.delivery.order.doubled.v1";
    Hung = "org.example.delivery.order.hung.v1";
    Panicky = "org.example.delivery.order.panicky.v1";
    Rescued = "org.example.delivery.order.rescued.v1";
    Replayed = "org.example.delivery.order.replayed.v1";
    Looped = "org.example.delivery.order.looped.v1";
    Stopped = "org.example.delivery.order.stopped.v1";
}

fn memory() -> SharedTransport {
    Arc::new(MemoryTransport::new())
}

/// A bus that publishes an event to the topic `t`, and consumes that in the group `g`.
fn start(transport: &SharedTransport, event_type: &str) -> Bus {
    start_with(transport, event_type, |_| {})
}

fn start_with(
    transport: &SharedTransport,
    event_type: &str,
    change: impl FnOnce(&mut BusConfig),
) -> Bus {
    let config = BusConfig::memory()
        .with_route(event_type, "t")
        .with_subscription("g", &["t"]);
    let mut config = quick(config);
    change(&mut config);
    Bus::builder(config)
        .transport(Arc::clone(transport))
        .start()
        .unwrap()
}

#[test]
fn an_event_arrives_as_it_was_sent() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = (&ARRIVED as &'static dyn AnySignal).connect_any(
        "sees",
        0,
        move |_: AnyEvent<'_>, delivery: &Delivery<'_>| {
            let (from_bus, id) = (delivery.from_event_bus(), delivery.metadata().id());
            seen.add(format!("{from_bus} {id}"));
        },
    );
    let transport = memory();
    let bus = start(&transport, <Arrived as Event>::INFO.event_type);
    ARRIVED.send_event(Arrived::of("ada", 17));
    let lines = log.wait_for(2);
    let (local, from_bus) = if lines[0].starts_with("false") {
        (&lines[0], &lines[1])
    } else {
        (&lines[1], &lines[0])
    };
    assert_eq!(local.strip_prefix("false"), from_bus.strip_prefix("true"));
    settled(&transport, "t", "g");
    let entry = transport.read("t", Position::Oldest, 1).unwrap().remove(0);
    assert_eq!(entry.record.unwrap().key.as_deref(), Some("ada"));
    stop(bus);
}

#[test]
fn only_the_receiver_that_failed_is_tried_again() {
    let log = Log::default();
    let (good, bad) = (log.clone(), log.clone());
    let _good = RETRIED.connect_with("good", 0, move |_| good.add("good"));
    let _bad = RETRIED.connect_with("bad", 0, move |_| {
        bad.add("bad");
        Err::<(), _>("always")
    });
    let transport = memory();
    let bus = start(&transport, <Retried as Event>::INFO.event_type);
    publish(&transport, &Retried::of("ada", 1));
    settled(&transport, "t", "g");
    assert_eq!((log.count("good"), log.count("bad")), (1, 3));
    let letters = admin::dead_letters(&*transport, "t", &LetterFilter::default()).unwrap();
    let [(_, letter)] = letters.as_slice() else {
        panic!("{letters:?}");
    };
    assert_eq!(letter.reason, DeadReason::Exhausted);
    assert_eq!(letter.receiver.as_deref(), Some("bad"));
    assert_eq!((letter.attempts, &*letter.error), (3, "always"));
    assert_eq!(letter.record.as_ref().unwrap().key.as_deref(), Some("ada"));
    stop(bus);
}

#[test]
fn a_permanent_error_is_not_tried_again() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = HOPELESS.connect_with("hopeless", 0, move |_| {
        seen.add("tried");
        Err::<(), _>(PermanentError::new("no such user"))
    });
    let transport = memory();
    let bus = start(&transport, <Hopeless as Event>::INFO.event_type);
    publish(&transport, &Hopeless::of("ada", 1));
    settled(&transport, "t", "g");
    assert_eq!(log.count("tried"), 1);
    let letters = admin::dead_letters(&*transport, "t", &LetterFilter::default()).unwrap();
    assert_eq!(letters[0].1.reason, DeadReason::Permanent);
    stop(bus);
}

#[test]
fn a_failing_receiver_holds_up_its_own_key_and_nothing_else() {
    let log = Log::default();
    let (failing, other) = (log.clone(), log.clone());
    let failures = AtomicUsize::new(0);
    let _failing = ORDERED.connect_with("failing", 0, move |event| {
        failing.add(format!("failing {} {}", event.customer, event.number));
        let first = event.customer == "ada" && event.number == 1;
        if first && failures.fetch_add(1, Ordering::Relaxed) < 2 {
            return Err("not yet");
        }
        Ok(())
    });
    let _other = ORDERED.connect_with("other", 1, move |event| {
        other.add(format!("other {} {}", event.customer, event.number));
    });
    let transport = memory();
    let bus = start_with(&transport, <Ordered as Event>::INFO.event_type, |config| {
        config.consumer.workers = 1;
        config.retry.first_delay = Duration::from_millis(200);
        config.retry.max_delay = Duration::from_millis(200);
    });
    for (customer, number) in [("ada", 1), ("ada", 2), ("bob", 1), ("ada", 3), ("bob", 2)] {
        publish(&transport, &Ordered::of(customer, number));
    }
    settled(&transport, "t", "g");
    let lines = log.lines();
    let of = |prefix: &str| -> Vec<String> {
        let lines = lines.iter().filter_map(|line| line.strip_prefix(prefix));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(of("failing ada "), ["1", "1", "1", "2", "3"]);
    assert_eq!(of("failing bob "), ["1", "2"]);
    assert_eq!(of("other ada "), ["1", "2", "3"]);
    // The others did not wait for it.
    let place = |line: &str| lines.iter().position(|other| other == line).unwrap();
    let retried = lines
        .iter()
        .rposition(|line| line == "failing ada 1")
        .unwrap();
    assert!(place("failing bob 2") < retried, "{lines:?}");
    assert!(place("other ada 3") < retried, "{lines:?}");
    stop(bus);
}

#[test]
fn what_cannot_be_read_becomes_a_dead_letter_and_the_rest_goes_on() {
    let log = Log::default();
    let seen = log.clone();
    let _connection =
        UNREADABLE.connect_with("sees", 0, move |event| seen.add(event.number.to_string()));
    let transport = memory();
    let bus = start(&transport, <Unreadable as Event>::INFO.event_type);
    let unknown = Record::new(
        EventMetadata::new("org.example.delivery.order.nobody.v1"),
        [0],
    );
    let broken = Record::new(
        EventMetadata::new(<Unreadable as Event>::INFO.event_type),
        [2, 200],
    );
    transport.publish("t", &[unknown, broken]).unwrap();
    publish(&transport, &Unreadable::of("ada", 7));
    settled(&transport, "t", "g");
    assert_eq!(log.lines(), ["7"]);
    let letters = admin::dead_letters(&*transport, "t", &LetterFilter::default()).unwrap();
    let reasons: Vec<_> = letters.iter().map(|(_, letter)| letter.reason).collect();
    assert!(reasons.contains(&DeadReason::UnknownType), "{reasons:?}");
    assert!(reasons.contains(&DeadReason::Undecodable), "{reasons:?}");
    assert!(letters.iter().all(|(_, letter)| letter.receiver.is_none()));
    stop(bus);
}

#[test]
fn a_bus_goes_on_where_the_last_one_stopped() {
    let log = Log::default();
    let (done, later) = (log.clone(), log.clone());
    let repaired = Arc::new(AtomicUsize::new(0));
    let is_repaired = Arc::clone(&repaired);
    let _done = RESUMED.connect_with("done", 0, move |event| {
        done.add(format!("done {}", event.number));
    });
    let _later = RESUMED.connect_with("later", 0, move |event| {
        if is_repaired.load(Ordering::Relaxed) == 0 {
            return Err("not yet");
        }
        later.add(format!("later {}", event.number));
        Ok(())
    });
    let transport = memory();
    let patient = |config: &mut BusConfig| {
        config.retry.first_delay = Duration::from_millis(300);
        config.retry.max_delay = Duration::from_millis(300);
        config.retry.max_attempts = 100;
    };
    let bus = start_with(&transport, <Resumed as Event>::INFO.event_type, patient);
    for number in 1..=3 {
        publish(&transport, &Resumed::of("ada", number));
    }
    log.wait_for(3);
    // They are parked, and not held in memory.
    let parked = || transport.status("t").unwrap().unwrap().groups[0].parked;
    eventually(|| parked() == 3, || format!("{} are parked", parked()));
    assert_eq!(bus.consumers()[0].parked(), 3);
    stop(bus);
    let status = transport.status("t").unwrap().unwrap();
    assert_eq!((status.groups[0].pending, parked()), (0, 3));
    repaired.store(1, Ordering::Relaxed);
    let bus = start_with(&transport, <Resumed as Event>::INFO.event_type, patient);
    settled(&transport, "t", "g");
    assert_eq!(
        log.lines(),
        [
            "done 1", "done 2", "done 3", "later 1", "later 2", "later 3"
        ]
    );
    stop(bus);
}

#[test]
fn a_second_entry_of_one_event_is_a_duplicate() {
    let log = Log::default();
    let seen = log.clone();
    let _connection =
        DOUBLED.connect_with("sees", 0, move |event| seen.add(event.number.to_string()));
    let transport = memory();
    let bus = start(&transport, <Doubled as Event>::INFO.event_type);
    let record = record(&Doubled::of("ada", 1));
    transport
        .publish("t", std::slice::from_ref(&record))
        .unwrap();
    settled(&transport, "t", "g");
    transport.publish("t", &[record]).unwrap();
    publish(&transport, &Doubled::of("ada", 2));
    settled(&transport, "t", "g");
    assert_eq!(log.lines(), ["1", "2"]);
    stop(bus);
}

#[test]
fn a_receiver_that_hangs_holds_up_nobody_for_good() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = HUNG.connect_with("hangs", 0, move |event| {
        seen.add(event.number.to_string());
        if event.number == 1 {
            std::thread::sleep(Duration::from_hours(1));
        }
    });
    let transport = memory();
    let bus = start_with(&transport, <Hung as Event>::INFO.event_type, |config| {
        config.consumer.workers = 2;
        config.consumer.receiver_timeout = Duration::from_millis(300);
        config.retry.max_attempts = 2;
    });
    for number in 1..=3 {
        publish(&transport, &Hung::of("ada", number));
    }
    settled(&transport, "t", "g");
    assert_eq!(log.lines(), ["1", "1", "2", "3"]);
    let letters = admin::dead_letters(&*transport, "t", &LetterFilter::default()).unwrap();
    assert_eq!(letters.len(), 1);
    assert!(
        letters[0].1.error.contains("did not come back within"),
        "{letters:?}"
    );
    stop(bus);
}

#[test]
fn a_panic_is_a_failure() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let _connection = PANICKY.connect_with("panics", 0, move |_| {
        assert!(
            counted.fetch_add(1, Ordering::Relaxed) > 0,
            "the first time"
        );
    });
    let transport = memory();
    let bus = start(&transport, <Panicky as Event>::INFO.event_type);
    publish(&transport, &Panicky::of("ada", 1));
    settled(&transport, "t", "g");
    assert_eq!(tries.load(Ordering::Relaxed), 2);
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 0);
    stop(bus);
}

#[test]
fn a_dead_letter_is_tried_again_by_its_receiver_alone() {
    let log = Log::default();
    let (other, fixed) = (log.clone(), log.clone());
    let repaired = Arc::new(AtomicUsize::new(0));
    let is_repaired = Arc::clone(&repaired);
    let _other = RESCUED.connect_with("other", 0, move |_| other.add("other"));
    let _broken = RESCUED.connect_with("broken", 0, move |_| {
        if is_repaired.load(Ordering::Relaxed) == 0 {
            return Err("broken");
        }
        fixed.add("fixed");
        Ok(())
    });
    let transport = memory();
    let bus = start(&transport, <Rescued as Event>::INFO.event_type);
    publish(&transport, &Rescued::of("ada", 1));
    settled(&transport, "t", "g");
    let letters = admin::dead_letters(&*transport, "t", &LetterFilter::default()).unwrap();
    assert_eq!(letters.len(), 1);
    repaired.store(1, Ordering::Relaxed);
    let retried = admin::retry(&*transport, "t", &letters).unwrap();
    assert_eq!(retried.requeued.len(), 1);
    settled(&transport, "t", "g");
    assert_eq!(log.lines(), ["other", "fixed"]);
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 0);
    stop(bus);
}

#[test]
fn a_replay_is_for_the_group_and_the_receivers_that_it_names() {
    let log = Log::default();
    let (a, b) = (log.clone(), log.clone());
    let _a = REPLAYED.connect_with("a", 0, move |event| a.add(format!("a{}", event.number)));
    let _b = REPLAYED.connect_with("b", 0, move |event| b.add(format!("b{}", event.number)));
    let transport = memory();
    let bus = start(&transport, <Replayed as Event>::INFO.event_type);
    for number in 1..=2 {
        publish(&transport, &Replayed::of("ada", number));
    }
    settled(&transport, "t", "g");
    let mut replay = Replay::new("t", "g");
    replay.receivers = vec![Arc::from("a")];
    replay.dry_run = true;
    let would = admin::replay(&*transport, &replay, |_| {}).unwrap();
    assert_eq!((would.seen, would.given), (2, 2));
    settled(&transport, "t", "g");
    assert_eq!(log.lines().len(), 4);
    replay.dry_run = false;
    assert_eq!(admin::replay(&*transport, &replay, |_| {}).unwrap(), would);
    settled(&transport, "t", "g");
    assert_eq!(log.lines()[4..], ["a1", "a2"]);
    let nobody = admin::replay(&*transport, &Replay::new("t", "h"), |_| {}).unwrap_err();
    assert!(nobody.to_string().contains("its groups are: g"), "{nobody}");
    stop(bus);
}

#[test]
fn what_came_from_the_bus_is_not_published_again() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = LOOPED.connect_with("sees", 0, move |_| seen.add("seen"));
    let transport = memory();
    let bus = start(&transport, <Looped as Event>::INFO.event_type);
    LOOPED.send_event(Looped::of("ada", 1));
    log.wait_for(2);
    settled(&transport, "t", "g");
    assert_eq!(transport.status("t").unwrap().unwrap().entries, 1);
    stop(bus);
}

#[test]
fn a_stop_lets_what_is_under_way_end() {
    let log = Log::default();
    let seen = log.clone();
    let _connection = STOPPED.connect_with("slow", 0, move |event| {
        std::thread::sleep(Duration::from_millis(20));
        seen.add(event.number.to_string());
    });
    let transport = memory();
    let bus = start(&transport, <Stopped as Event>::INFO.event_type);
    for number in 0..20 {
        publish(&transport, &Stopped::of(&number.to_string(), number));
    }
    log.wait_for(1);
    stop(bus);
    let handled = log.lines().len() as u64;
    let status = transport.status("t").unwrap().unwrap();
    assert_eq!(status.groups[0].lag(), Some(20 - handled));
    assert_eq!(status.groups[0].leader, None);
}

/// Puts an event into the topic without its being sent here.
fn publish<E: Event>(transport: &SharedTransport, event: &E) {
    transport.publish("t", &[record(event)]).unwrap();
}

fn record<E: Event>(event: &E) -> Record {
    let body = events_bus::wire::encode(event).unwrap();
    Record::new(EventMetadata::new(E::INFO.event_type), body).with_key(event.key().as_deref())
}
