//! Conformance suite for transports (feature `conformance`). Each check holds a transport to one promise of the contract.
//!
//! A crate that brings a transport runs the suite among its own tests:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use events_bus::transport::SharedTransport;
//! use events_bus::transport::conformance::{Fixture, run};
//! use events_bus::transport::memory::MemoryTransport;
//!
//! struct Memory;
//!
//! impl Fixture for Memory {
//!     fn open(&self) -> SharedTransport {
//!         Arc::new(MemoryTransport::new())
//!     }
//! }
//!
//! run(&Memory);
//! ```
//!
//! [`transport_conformance!`](crate::transport_conformance) makes one test of each check, for transports that can be opened side
//! by side. A check panics with the promise that the transport breaks. Some checks wait for a lease to end, so the suite takes
//! some seconds.

mod claiming;
mod dead_letters;
mod duplicates;
mod fencing;
mod groups;
mod leading;
mod limits;
mod outbox;
mod parking;
mod publishing;
mod reading;
mod records;
mod redelivery;
mod retention;
mod retries;
mod setting;
mod settling;
mod status;
mod suspects;

use std::panic::{AssertUnwindSafe, catch_unwind};

use setting::Setting;

use super::SharedTransport;

/// Lists the checks of a module as `name: "promise"`. The function of that name is the check.
macro_rules! promises {
    ($($name:ident: $promise:literal,)*) => {
        &[$(Check { name: stringify!($name), promise: $promise, hold: $name }),*]
    };
}
use promises;

/// Factory of transports for the checks.
pub trait Fixture {
    /// Returns an empty transport for one check.
    fn open(&self) -> SharedTransport;

    /// Returns a second handle to the data of a transport, as another process would open it. `None` if the data cannot be opened
    /// a second time.
    fn again(&self, transport: &SharedTransport) -> Option<SharedTransport> {
        let _ = transport;
        None
    }
}

/// A promise of the contract with its check.
#[derive(Clone, Copy)]
pub struct Check {
    /// Short name. [`transport_conformance!`](crate::transport_conformance) names the test after it.
    pub name: &'static str,
    /// The promise, as a sentence.
    pub promise: &'static str,
    hold: fn(&Setting<'_>),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.promise)
    }
}

impl Check {
    /// Checks a transport of the fixture.
    ///
    /// # Panics
    /// Panics if the transport breaks the promise.
    pub fn run(&self, fixture: &dyn Fixture) {
        let setting = Setting {
            transport: fixture.open(),
            fixture,
        };
        (self.hold)(&setting);
    }
}

/// Returns every check.
pub fn checks() -> Vec<Check> {
    [
        publishing::CHECKS,
        outbox::CHECKS,
        reading::CHECKS,
        records::CHECKS,
        limits::CHECKS,
        groups::CHECKS,
        claiming::CHECKS,
        redelivery::CHECKS,
        leading::CHECKS,
        fencing::CHECKS,
        suspects::CHECKS,
        settling::CHECKS,
        dead_letters::CHECKS,
        parking::CHECKS,
        retries::CHECKS,
        duplicates::CHECKS,
        retention::CHECKS,
        status::CHECKS,
    ]
    .concat()
}

/// Returns the check with a name.
///
/// # Panics
/// Panics if no check has the name.
pub fn check(name: &str) -> Check {
    let found = checks().into_iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("the suite has no check `{name}`"))
}

/// Runs every check, then lists the broken promises.
///
/// # Panics
/// Panics if the transport breaks a promise.
pub fn run(fixture: &dyn Fixture) {
    let broken: Vec<_> = checks()
        .iter()
        .filter(|check| catch_unwind(AssertUnwindSafe(|| check.run(fixture))).is_err())
        .map(|check| format!("{check:?}"))
        .collect();
    assert!(
        broken.is_empty(),
        "the transport breaks its promises:\n- {}",
        broken.join("\n- ")
    );
}

/// Makes one test of each check. The tests run at the same time and evaluate the fixture once each.
///
/// ```
/// # struct Memory;
/// # impl events_bus::transport::conformance::Fixture for Memory {
/// #     fn open(&self) -> events_bus::transport::SharedTransport {
/// #         std::sync::Arc::new(events_bus::transport::memory::MemoryTransport::new())
/// #     }
/// # }
/// events_bus::transport_conformance!(Memory);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! transport_conformance {
    ($fixture:expr) => {
        $crate::transport_conformance! { @tests ($fixture)
            order ids in_bulk together wakes zero nothing
            batch_once batch_numbers batch_last batch_epochs batch_holders batch_repeat_fences batch_forgotten batch_apart
            batch_empty batch_shared batch_paused
            positions trimmed_positions topics unknown
            whole bodies large
            receive_bytes claim_bytes claim_entries
            starts shares resumes disjoint unicode none_asked deleted no_group
            pages both_queues idle own touched after_restart
            requeued requeue_wakes requeue_fair requeue_settles
            leads lease_ends renews terms released expired led_apart
            fenced_receive fenced_claim fenced_renew fenced_settle fenced_parking fenced_retries fenced_claim_retries
            fenced_release fenced_holder fenced_waiting fenced_race fenced_deleted unfenced
            counts release_uncounts suspects neighbors trials trial_of_first marks_add_up marks_go
            finished batch settled_late
            dead_letters listed letters_apart letter_limits letter_age
            parks parks_with_letters parks_whole parks_states parks_once parks_outlive_trimming parks_requeued parks_apart
            retries_ordered retry_settles retry_parks_again retry_once retry_idle retry_counts retry_trials retry_released
            retry_gone retry_survives
            duplicates remembered duplicates_claimed duplicates_retried duplicates_requeued
            unfinished kept kept_before lost nobody requeued_stays trims_all
            state oldest after_trim apart state_parked state_late state_leader
        }
    };
    (@tests ($fixture:expr) $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::transport::conformance::check(stringify!($name)).run(&$fixture);
            }
        )*

        #[test]
        fn no_check_is_left_out() {
            let checks = $crate::transport::conformance::checks();
            let names: ::std::vec::Vec<_> = checks.iter().map(|check| check.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}
