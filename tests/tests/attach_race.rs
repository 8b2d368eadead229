//! The first use of signals from many threads at once. In a binary of its own, with one test: the receivers are attached
//! once in a process, and the race is over when any other test has used a signal.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use events_core::{event, receiver};

use support::within_a_minute;

/// Declares events with three receivers each, and a function that sends the n-th of them.
macro_rules! events {
    ($($module:ident $type:literal),* $(,)?) => {
        $(mod $module {
            use events_core::{event, receiver};

            #[event(type = $type)]
            pub(crate) struct Raced {}

            #[receiver(RACED, priority = 1)]
            fn second() {
                super::RUNS.fetch_add(1, super::Ordering::Relaxed);
            }

            #[receiver(RACED)]
            fn first() {
                super::RUNS.fetch_add(1, super::Ordering::Relaxed);
            }
        })*

        fn signals() -> Vec<fn() -> events_core::Responses> {
            vec![$(|| $module::RACED.send_event($module::Raced {})),*]
        }
    };
}

events! {
    a "org.example.tests.race.a.v1", b "org.example.tests.race.b.v1", c "org.example.tests.race.c.v1", d "org.example.tests.race.d.v1",
    e "org.example.tests.race.e.v1", f "org.example.tests.race.f.v1", g "org.example.tests.race.g.v1", h "org.example.tests.race.h.v1",
}

static RUNS: AtomicUsize = AtomicUsize::new(0);
static ANY: AtomicUsize = AtomicUsize::new(0);

#[receiver(any, priority = -1)]
fn any() {
    ANY.fetch_add(1, Ordering::Relaxed);
}

#[event(type = "org.example.tests.race.connected.v1")]
struct Connected {}

#[receiver(CONNECTED)]
fn linked() {}

#[test]
fn every_thread_sees_every_receiver_exactly_once() {
    const THREADS: usize = 32;
    within_a_minute(|| {
        let start = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let start = Arc::clone(&start);
                std::thread::spawn(move || {
                    let signals = signals();
                    start.wait();
                    // Some begin by connecting, some by listing, most by sending; each with another signal.
                    let connection = match thread % 8 {
                        0 => Some(CONNECTED.connect(|_, _| ())),
                        1 => {
                            assert!(CONNECTED.receivers().len() >= 2);
                            None
                        }
                        _ => None,
                    };
                    for n in 0..signals.len() {
                        let responses = signals[(thread + n) % signals.len()]();
                        let names: Vec<_> = responses
                            .iter()
                            .map(|response| response.receiver().name)
                            .collect();
                        assert_eq!(names, ["any", "first", "second"]);
                    }
                    drop(connection);
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(RUNS.load(Ordering::Relaxed), THREADS * 8 * 2);
        assert_eq!(ANY.load(Ordering::Relaxed), THREADS * 8);
        assert_eq!(CONNECTED.send_event(Connected {}).len(), 2);
    });
}
