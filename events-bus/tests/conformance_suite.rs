//! The suite of transports notices what it is for: each of these transports breaks a promise, and fails the check of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub(crate) mod faulty;
}

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

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

/// Most of what the checks do is waiting, so all faults are looked at together.
fn check_all(holds: impl Fn(Fault, &str) -> bool + Sync) {
    let holds = &holds;
    std::thread::scope(|scope| {
        let threads: Vec<_> = Fault::ALL
            .iter()
            .flat_map(|(fault, checks)| checks.iter().map(move |check| (*fault, *check)))
            .map(|(fault, check)| (fault, check, scope.spawn(move || holds(fault, check))))
            .collect();
        let not: Vec<_> = threads
            .into_iter()
            .filter_map(|(fault, check, thread)| {
                (!thread.join().unwrap()).then_some((fault, check))
            })
            .collect();
        assert!(not.is_empty(), "{not:?}");
    });
}

#[test]
fn each_broken_promise_is_noticed() {
    check_all(|fault, check| fails(check, &fault));
}

/// It is the fault that fails, and not the transport that has it.
#[test]
fn a_transport_without_a_fault_passes() {
    check_all(|_, check| !fails(check, &Fault::None));
}

/// Forgets everything when its process ends, and has a second handle all the same.
struct Forgetful;

impl Fixture for Forgetful {
    fn open(&self) -> SharedTransport {
        Arc::new(MemoryTransport::new())
    }

    fn again(&self, _: &SharedTransport) -> Option<SharedTransport> {
        let forgotten = self.open();
        forgotten
            .join(
                "conformance",
                "group",
                events_bus::transport::Start::Beginning,
            )
            .ok()?;
        Some(forgotten)
    }
}

#[test]
fn what_does_not_survive_is_noticed() {
    for check in ["resumes", "after_restart", "sequence", "remembered"] {
        assert!(fails(check, &Forgetful), "{check}");
    }
}

#[test]
#[should_panic(expected = "- order: records are read in the order in which they were published")]
fn the_suite_says_which_promises_are_broken() {
    conformance::run(&Fault::Reversed);
}

#[test]
#[should_panic(expected = "the suite has no check `nonsense`")]
fn a_check_that_is_not_there_is_not_passed() {
    conformance::check("nonsense");
}
