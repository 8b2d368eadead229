//! Many threads send while others connect, disconnect, disable and enable.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use events_core::{Signal, event, receiver};

use support::within_a_minute;

#[event(type = "org.example.tests.threads.ticked.v1")]
struct Ticked {
    number: i64,
}

#[event(type = "org.example.tests.threads.toggled.v1")]
struct Toggled {}

#[event(type = "org.example.tests.threads.counted.v1")]
struct Counted {}

#[event(type = "org.example.tests.threads.failed.v1")]
struct Failed {
    number: i64,
}

static TICKS: AtomicUsize = AtomicUsize::new(0);

#[receiver(TICKED)]
fn tick() {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

#[receiver(TOGGLED)]
fn toggled() {}

const SENDERS: usize = 4;
const SENDS: usize = 2_000;

/// Connects and disconnects until it is done, and says how often.
fn change(done: &AtomicBool, changes: &AtomicUsize, priority: i32) {
    while !done.load(Ordering::Relaxed) {
        let first = TICKED.connect(|event, metadata| {
            assert!(event.number >= 0 && metadata.minor_version() == 0);
        });
        let second = TICKED.connect_with("second", priority, |_| ());
        drop(first);
        drop(second);
        changes.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends, at the least until enough was changed meanwhile, and says how often.
fn tick_on(changes: &AtomicUsize) -> usize {
    let mut sends = 0;
    while sends < SENDS || changes.load(Ordering::Relaxed) < 100 {
        let responses = TICKED.send_event(Ticked { number: 1 });
        assert!(responses.is_ok(), "{responses:?}");
        let ticks = responses
            .iter()
            .filter(|response| response.receiver().name == "tick");
        assert_eq!(ticks.count(), 1, "{responses:?}");
        assert!(responses.len() <= 5, "{responses:?}");
        sends += 1;
    }
    sends
}

#[test]
fn annotated_receivers_miss_no_send_while_others_come_and_go() {
    within_a_minute(|| {
        let (done, changes) = (AtomicBool::new(false), AtomicUsize::new(0));
        let sends = thread::scope(|threads| {
            for priority in [-1, 1] {
                let (done, changes) = (&done, &changes);
                threads.spawn(move || change(done, changes, priority));
            }
            let senders: Vec<_> = (0..SENDERS)
                .map(|_| threads.spawn(|| tick_on(&changes)))
                .collect();
            let sends: Vec<_> = senders
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            done.store(true, Ordering::Relaxed);
            sends
                .into_iter()
                .map(|sends| sends.expect("no panic"))
                .sum::<usize>()
        });
        assert_eq!(TICKS.load(Ordering::Relaxed), sends);
        assert_eq!(
            TICKED.send_event(Ticked { number: 0 }).len(),
            1,
            "all are gone"
        );
    });
}

#[test]
fn a_send_sees_a_signal_enabled_or_disabled_and_nothing_between() {
    within_a_minute(|| {
        let done = Arc::new(AtomicBool::new(false));
        let toggler = thread::spawn({
            let done = Arc::clone(&done);
            move || {
                while !done.load(Ordering::Relaxed) {
                    TOGGLED.disable();
                    let connection = TOGGLED.connect(|_, _| ());
                    TOGGLED.enable();
                    drop(connection);
                }
                TOGGLED.enable();
            }
        });
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                thread::spawn(|| {
                    for _ in 0..SENDS {
                        let responses = TOGGLED.send_event(Toggled {});
                        assert!(responses.len() <= 2, "{responses:?}");
                        if let Some(first) = responses.iter().next() {
                            assert_eq!(first.receiver().name, "toggled");
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().expect("no panic");
        }
        done.store(true, Ordering::Relaxed);
        toggler.join().expect("no panic");
        assert_eq!(TOGGLED.send_event(Toggled {}).len(), 1);
    });
}

/// Connects from this thread, sends, and has its own closure run by every send of its own.
fn connect_and_send(signal: &'static Signal<Counted>) {
    for _ in 0..300 {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let connection = signal.connect(move |_, _| {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let before = runs.load(Ordering::SeqCst);
        signal.send_event(Counted {});
        assert!(
            runs.load(Ordering::SeqCst) > before,
            "connected, but not reached"
        );
        drop(connection);
        // A send of another thread may still have it in its snapshot; when that is over, nobody has.
    }
}

#[test]
fn a_thread_reaches_what_it_has_connected_itself() {
    within_a_minute(|| {
        let threads: Vec<_> = (0..6)
            .map(|_| thread::spawn(|| connect_and_send(&COUNTED)))
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert!(COUNTED.send_event(Counted {}).is_empty());
    });
}

#[test]
fn failures_of_parallel_sends_do_not_mix() {
    within_a_minute(|| {
        let _connection = FAILED.connect_with("fails", 0, |event| Err(event.number.to_string()));
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                thread::spawn(move || {
                    for n in 0..300 {
                        let number = thread * 1000 + n;
                        let error = FAILED
                            .send_event(Failed { number })
                            .into_result()
                            .expect_err("it fails");
                        assert!(
                            error.to_string().ends_with(&format!("failed: {number}")),
                            "{error}"
                        );
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
    });
}
