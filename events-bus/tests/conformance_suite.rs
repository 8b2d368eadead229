//! The conformance suite catches faults: each of these transports breaks a promise and fails the check of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub(crate) mod faulty;
}

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use events_bus::transport::SharedTransport;
use events_bus::transport::conformance::{self, Fixture};
use events_bus::transport::memory::MemoryTransport;
use support::faulty::{Fault, Faulty};

impl Fixture for Fault {
    fn open(&self) -> SharedTransport {
        Arc::new(Faulty::new(*self))
    }
}

fn fails(check: &str, fixture: &dyn Fixture) -> bool {
    let check = conformance::check(check);
    catch_unwind(AssertUnwindSafe(|| check.run(fixture))).is_err()
}

/// Runs each fault with each of its checks on a few threads, because most checks wait most of the time.
fn check_all(holds: impl Fn(Fault, &str) -> bool + Sync) {
    let pairs: Vec<_> = Fault::ALL
        .iter()
        .flat_map(|(fault, checks)| checks.iter().map(move |check| (*fault, *check)))
        .collect();
    let next = AtomicUsize::new(0);
    let take = || pairs.get(next.fetch_add(1, Ordering::Relaxed)).copied();
    let broken: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let pairs = std::iter::from_fn(take);
                    pairs
                        .filter(|(fault, check)| !holds(*fault, check))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn each_broken_promise_is_noticed() {
    check_all(|fault, check| fails(check, &fault));
}

/// The fault fails, and not the transport that has it.
#[test]
fn a_transport_without_a_fault_passes() {
    check_all(|_, check| !fails(check, &Fault::None));
}

/// A check that no fault fails may check nothing.
#[test]
fn each_check_notices_a_fault() {
    let noticed: BTreeSet<_> = Fault::ALL
        .iter()
        .flat_map(|(_, checks)| checks.iter().copied())
        .collect();
    let all: BTreeSet<_> = conformance::checks().iter().map(|it| it.name).collect();
    let untested: Vec<_> = all.difference(&noticed).collect();
    assert!(untested.is_empty(), "no fault fails {untested:?}");
}

/// Forgets everything when its process ends, although it has a second handle.
struct Forgetful;

impl Fixture for Forgetful {
    fn open(&self) -> SharedTransport {
        Arc::new(MemoryTransport::new())
    }

    fn again(&self, _: &SharedTransport) -> Option<SharedTransport> {
        let forgotten = self.open();
        let start = events_bus::transport::Start::Beginning;
        forgotten.join("conformance", "group", start).ok()?;
        Some(forgotten)
    }
}

#[test]
fn a_transport_that_forgets_is_noticed() {
    for check in [
        "resumes",
        "after_restart",
        "batch_once",
        "batch_paused",
        "remembered",
        "leads",
        "marks_add_up",
        "parks",
        "parks_whole",
        "retry_trials",
        "retry_survives",
        "duplicates_claimed",
    ] {
        assert!(fails(check, &Forgetful), "{check}");
    }
}

#[test]
#[should_panic(expected = "- order: records are read in the order in which they were published")]
fn the_suite_lists_the_broken_promises() {
    conformance::run(&Fault::Reversed);
}

#[test]
#[should_panic(expected = "the suite has no check `nonsense`")]
fn an_unknown_check_does_not_pass() {
    conformance::check("nonsense");
}
