//! Events that end the process: they run alone, and become dead letters after two trials. Their neighbors run once.

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

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{
    Claim, DeadReason, Entry, Limit, Member, RetryState, Settlement, SharedTransport,
};
use events_bus::{Bus, admin};
use events_core::{Timestamp, event};

use support::bus::{Log, quick, settled, stop};
use support::hooked::{Gate, join, lead_as, record};

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
    Poison = "org.example.poison.order.poison.v1";
    Innocent = "org.example.poison.order.innocent.v1";
    Parked = "org.example.poison.order.parked.v1";
    Again = "org.example.poison.order.again.v1";
    Among = "org.example.poison.order.among.v1";
    Held = "org.example.poison.order.held.v1";
}

const MAX_DELIVERIES: u64 = 5;

fn start(transport: &SharedTransport, change: impl FnOnce(&mut BusConfig)) -> Bus {
    let mut config = quick(BusConfig::memory().with_subscription("g", &["t"]));
    change(&mut config);
    Bus::builder(config)
        .transport(Arc::clone(transport))
        .start()
        .unwrap()
}

/// Leads as a process that ends at once: what it claims stays with it.
fn lead(transport: &SharedTransport) -> Member<'static> {
    lead_as(transport, "crashes", Duration::from_millis(1))
}

const fn claim(trial: bool) -> Claim {
    Claim {
        after: None,
        own: true,
        idle: Duration::ZERO,
        limit: Limit::entries(100),
        max_deliveries: if trial { MAX_DELIVERIES } else { u64::MAX },
        trial,
    }
}

/// A process starts with everything that is there, and ends, until all of it is suspect.
fn crash_with_everything(transport: &SharedTransport) -> Vec<Entry> {
    join(transport);
    let member = lead(transport);
    let limit = Limit::entries(100);
    let received = transport.receive(member, limit, Duration::ZERO).unwrap();
    for _ in 1..MAX_DELIVERIES {
        transport.claim(lead(transport), claim(false)).unwrap();
    }
    received
}

fn settle(transport: &SharedTransport, member: Member<'_>, entry: &Entry) {
    let settlement = Settlement::new(entry.id, None, Arc::default());
    transport.settle(member, &[settlement]).unwrap();
}

#[test]
fn an_event_that_ends_two_trials_is_a_dead_letter_and_its_neighbors_run_once() {
    let log = Log::default();
    let seen = log.clone();
    let _connection =
        POISON.connect_with("seen", 0, move |event| seen.add(event.number.to_string()));
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let records: Vec<_> = (0..5).map(|n| record(&Poison::of("ada", n))).collect();
    transport.publish("t", &records).unwrap();
    let entries = crash_with_everything(&transport);
    // The next process handles 0 and 1 alone, and ends with 2, twice.
    let member = lead(&transport);
    for entry in &entries[..2] {
        let claimed = transport.claim(member, claim(true)).unwrap().entries;
        assert_eq!((claimed.len(), claimed[0].trials), (1, 1));
        settle(&transport, member, entry);
    }
    for trials in 1..=2 {
        let claimed = transport.claim(lead(&transport), claim(true)).unwrap();
        assert_eq!(claimed.entries[0].id, entries[2].id);
        assert_eq!(claimed.entries[0].trials, trials);
    }
    let bus = start(&transport, |_| {});
    settled(&transport, "t", "g");
    assert_eq!(log.lines(), ["3", "4"]);
    let letters = transport.dead_letters("t", None, 10).unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1.reason, DeadReason::Crashed);
    assert_eq!(letters[0].1.entry, entries[2].id);
    assert_eq!(letters[0].1.receiver, None);
    // An operator may retry it, once the bug is repaired.
    admin::retry(&*transport, "t", &letters).unwrap();
    settled(&transport, "t", "g");
    assert_eq!(log.lines(), ["3", "4", "2"]);
    stop(bus);
}

/// A suspect that ended one trial gets another one: it may have been an accident.
#[test]
fn suspects_run_alone_and_in_order() {
    let log = Log::default();
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (seen, now, peak) = (log.clone(), Arc::clone(&running), Arc::clone(&most));
    let _connection = INNOCENT.connect_with("seen", 0, move |event| {
        let count = now.fetch_add(1, Ordering::SeqCst) + 1;
        if event.number < 10 {
            peak.fetch_max(count, Ordering::SeqCst);
        }
        thread::sleep(Duration::from_millis(3));
        seen.add(event.number.to_string());
        now.fetch_sub(1, Ordering::SeqCst);
    });
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let of = |n: i64| record(&Innocent::of(format!("customer-{n}"), n));
    let records: Vec<_> = (0..10).map(of).collect();
    transport.publish("t", &records).unwrap();
    crash_with_everything(&transport);
    // One of them ended a trial already.
    transport.claim(lead(&transport), claim(true)).unwrap();
    let later: Vec<_> = (10..50).map(of).collect();
    transport.publish("t", &later).unwrap();
    let bus = start(&transport, |config| config.consumer.workers = 4);
    settled(&transport, "t", "g");
    let lines = log.lines();
    let suspects: Vec<_> = (0..10).map(|number| number.to_string()).collect();
    assert_eq!(lines[..10], suspects);
    assert_eq!(lines.len(), 50);
    assert_eq!(most.load(Ordering::SeqCst), 1, "suspects run alone");
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 0);
    stop(bus);
}

/// A stop in the middle of a trial takes its mark back: the event did not end the process.
#[test]
fn a_stop_during_a_trial_does_not_count() {
    let gate = Gate::default();
    gate.close();
    let (log, at) = (Log::default(), gate.clone());
    let seen = log.clone();
    let _connection = HELD.connect_with("held", 0, move |event| {
        seen.add(event.number.to_string());
        at.pass();
    });
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let records: Vec<_> = (0..2).map(|n| record(&Held::of("ada", n))).collect();
    transport.publish("t", &records).unwrap();
    crash_with_everything(&transport);
    for round in 1..=4 {
        let bus = start(&transport, |_| {});
        log.wait_for(round);
        bus.shutdown(Duration::from_millis(50)).unwrap_err();
    }
    let claimed = transport.claim(lead(&transport), claim(true)).unwrap();
    assert_eq!((claimed.entries.len(), claimed.entries[0].trials), (1, 1));
    assert_eq!(log.lines(), ["0", "0", "0", "0"]);
    gate.open();
}

/// Nothing runs beside a suspect: neither what was pending before it, nor what comes after it, nor a retry.
#[test]
fn nothing_runs_beside_a_suspect() {
    let running = Arc::new(AtomicUsize::new(0));
    let (log, most) = (Log::default(), Arc::new(AtomicUsize::new(0)));
    let (seen, now, peak) = (log.clone(), Arc::clone(&running), Arc::clone(&most));
    let _connection = AMONG.connect_with("seen", 0, move |event| {
        now.fetch_add(1, Ordering::SeqCst);
        if event.number == 5 {
            for _ in 0..30 {
                peak.fetch_max(now.load(Ordering::SeqCst), Ordering::SeqCst);
                thread::sleep(Duration::from_millis(1));
            }
        } else {
            thread::sleep(Duration::from_millis(20));
        }
        now.fetch_sub(1, Ordering::SeqCst);
        seen.add(event.number.to_string());
        match seen.count(&event.number.to_string()) {
            1 if event.number < 4 => Err("the first time"),
            _ => Ok(()),
        }
    });
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let of = |n: i64| record(&Among::of(format!("customer-{n}"), n));
    transport
        .publish("t", &(0..10).map(of).collect::<Vec<_>>())
        .unwrap();
    join(&transport);
    let limit = Limit::entries(100);
    let entries = transport
        .receive(lead(&transport), limit, Duration::ZERO)
        .unwrap();
    for _ in 1..MAX_DELIVERIES {
        let one = Claim {
            after: Some(entries[4].id),
            limit: Limit::entries(1),
            ..claim(false)
        };
        let claimed = transport.claim(lead(&transport), one).unwrap().entries;
        assert_eq!(claimed[0].id, entries[5].id);
    }
    transport
        .publish("t", &(10..20).map(of).collect::<Vec<_>>())
        .unwrap();
    let bus = start(&transport, |config| {
        config.consumer.workers = 8;
        config.retry.first_delay = Duration::from_millis(1);
        config.retry.max_delay = Duration::from_millis(1);
    });
    settled(&transport, "t", "g");
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert_eq!(log.lines().len(), 24);
    stop(bus);
}

/// Parks an event for a receiver, as a consumer does when the receiver has failed.
fn park(
    transport: &SharedTransport,
    receiver: &str,
) -> Vec<(events_bus::transport::EntryId, Arc<str>)> {
    join(transport);
    let member = lead(transport);
    let limit = Limit::entries(100);
    let entries = transport.receive(member, limit, Duration::ZERO).unwrap();
    let mut ids = Vec::new();
    for entry in entries {
        let state = RetryState {
            receiver: receiver.into(),
            key: Some("ada".into()),
            attempts: 1,
            error: "no".into(),
            due: Timestamp::now(),
            delay: Duration::ZERO,
        };
        let settlement = Settlement::new(entry.id, None, Arc::default())
            .with_parked(entry.record.unwrap(), vec![state]);
        transport.settle(member, &[settlement]).unwrap();
        ids.push((entry.id, Arc::from(receiver)));
    }
    ids
}

#[test]
fn a_retry_that_ends_two_trials_is_a_dead_letter_of_its_receiver() {
    let log = Log::default();
    let (seen, other) = (log.clone(), log.clone());
    let _connection =
        PARKED.connect_with("seen", 0, move |event| seen.add(event.number.to_string()));
    let _other = PARKED.connect_with("other", 0, move |_| other.add("other"));
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let records: Vec<_> = (0..3).map(|n| record(&Parked::of("ada", n))).collect();
    transport.publish("t", &records).unwrap();
    let ids = park(&transport, "seen");
    for _ in 0..MAX_DELIVERIES {
        let claimed = transport.claim_retries(lead(&transport), &ids, Duration::ZERO, false);
        assert_eq!(claimed.unwrap().len(), 3);
    }
    for trials in 1..=2 {
        let one = &ids[..1];
        let claimed = transport.claim_retries(lead(&transport), one, Duration::ZERO, true);
        assert_eq!(claimed.unwrap()[0].trials, trials);
    }
    let bus = start(&transport, |_| {});
    settled(&transport, "t", "g");
    // The others are suspects, too, and innocent.
    assert_eq!(log.lines(), ["1", "2"]);
    let letters = transport.dead_letters("t", None, 10).unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1.reason, DeadReason::Crashed);
    assert_eq!(letters[0].1.receiver.as_deref(), Some("seen"));
    stop(bus);
}

/// Failing is not crashing: a receiver that fails more often than `max_deliveries` is not a suspect.
#[test]
fn retries_that_fail_are_not_suspects() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let _connection = AGAIN.connect_with("fails", 0, move |_| {
        match counted.fetch_add(1, Ordering::Relaxed) {
            0..20 => Err("not yet"),
            _ => Ok(()),
        }
    });
    let transport: SharedTransport = Arc::new(MemoryTransport::new());
    let bus = start(&transport, |config| {
        config.retry.max_attempts = 100;
        config.consumer.max_deliveries = 1;
    });
    transport
        .publish("t", &[record(&Again::of("ada", 1))])
        .unwrap();
    settled(&transport, "t", "g");
    assert_eq!(tries.load(Ordering::Relaxed), 21);
    assert_eq!(transport.status("t").unwrap().unwrap().dead_letters, 0);
    stop(bus);
}
