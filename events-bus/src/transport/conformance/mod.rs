//! The suite that every transport has to pass (feature `conformance`): the promises of [`Transport`](super::Transport), each as a check.
//!
//! A crate that brings a transport runs it as its own tests:
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
//! [`transport_conformance!`](crate::transport_conformance) makes a test of each check instead, where transports do not get into
//! each other's way. A check panics where a promise is broken, and says which. The suite takes some seconds: leases have to end.

mod groups;
mod leading;
mod publishing;
mod reading;
mod records;
mod redelivery;
mod retention;
mod settling;
mod status;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use events_core::{EventMetadata, Timestamp, Uuid};

use super::{DeadLetter, DeadReason, Entry, Member, SharedTransport};
use crate::record::Record;

/// The checks of a module: `name: "promise"`, where a function of that name checks it.
macro_rules! promises {
    ($($name:ident: $promise:literal,)*) => {
        &[$(Check { name: stringify!($name), promise: $promise, hold: $name }),*]
    };
}
use promises;

/// What makes transports for the checks.
pub trait Fixture {
    /// A transport in which there is nothing, for one check.
    fn open(&self) -> SharedTransport;

    /// Another handle to what that transport keeps, as another process would have: `None` where it keeps nothing.
    fn again(&self, transport: &SharedTransport) -> Option<SharedTransport> {
        let _ = transport;
        None
    }
}

/// A promise, and what checks it.
#[derive(Clone, Copy)]
pub struct Check {
    /// A short name: that of the test which [`transport_conformance!`](crate::transport_conformance) makes of it.
    pub name: &'static str,
    /// The promise.
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
    /// When the promise is broken.
    pub fn run(&self, fixture: &dyn Fixture) {
        let setting = Setting {
            transport: fixture.open(),
            fixture,
        };
        (self.hold)(&setting);
    }
}

/// Every check.
pub fn checks() -> Vec<Check> {
    [
        publishing::CHECKS,
        reading::CHECKS,
        records::CHECKS,
        groups::CHECKS,
        redelivery::CHECKS,
        leading::CHECKS,
        settling::CHECKS,
        retention::CHECKS,
        status::CHECKS,
    ]
    .concat()
}

/// The check of that name.
///
/// # Panics
/// When there is none.
pub fn check(name: &str) -> Check {
    let found = checks().into_iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("the suite has no check `{name}`"))
}

/// Runs every check, and says at the end which promises are broken.
///
/// # Panics
/// When one of them is.
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

/// Makes a test of each check: for transports that do not get into each other's way, so that tests can run at the same time. The
/// fixture is made anew for each of them.
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
            order ids in_bulk together sequence other_sequences wakes zero nothing
            positions trimmed_positions topics unknown
            whole bodies
            starts shares resumes disjoint unicode none_asked forgets no_group
            pages both_queues idle extends after_restart requeued requeue_wakes again_waits
            leads lease_ends renews left fenced
            finished progress batch dead_letters given_up listed letters_apart duplicates remembered waiting_unremembered
            unfinished kept lost nobody again_stays
            state oldest after_trim apart
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

/// What a check works with.
struct Setting<'a> {
    transport: SharedTransport,
    fixture: &'a dyn Fixture,
}

const TOPIC: &str = "conformance";
const GROUP: &str = "group";
const LEASE: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_millis(50);

impl Setting<'_> {
    /// The other handle, or this one where there is no other.
    fn other(&self) -> SharedTransport {
        self.fixture
            .again(&self.transport)
            .unwrap_or_else(|| Arc::clone(&self.transport))
    }

    fn publish(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<super::EntryId> {
        let records: Vec<_> = numbers.into_iter().map(record).collect();
        let ids = self.transport.publish(TOPIC, &records, None);
        ids.expect("publishing succeeds")
            .into_iter()
            .map(|id| id.expect("each record becomes an entry"))
            .collect()
    }

    fn join(&self, group: &str) {
        self.transport
            .join(TOPIC, group, super::Start::Beginning)
            .expect("joining succeeds");
    }

    fn receive(&self, consumer: &str, most: usize) -> Vec<Entry> {
        self.receive_in(GROUP, consumer, most)
    }

    fn receive_in(&self, group: &str, consumer: &str, most: usize) -> Vec<Entry> {
        self.transport
            .receive(member_of(group, consumer), most, MOMENT)
            .expect("receiving succeeds")
    }

    fn take_over(&self, consumer: &str, idle: Duration) -> Vec<Entry> {
        self.transport
            .take_over(member(consumer), None, idle, 1000)
            .expect("taking over succeeds")
    }

    fn finish(&self, consumer: &str, entries: &[Entry]) {
        let settlements: Vec<_> = entries
            .iter()
            .map(|entry| {
                let id = entry
                    .record
                    .as_ref()
                    .ok()
                    .map(|record| record.metadata.id());
                super::Settlement::finished(entry.id, id, Arc::default())
            })
            .collect();
        self.transport
            .settle(member(consumer), &settlements, false)
            .expect("settling succeeds");
    }

    fn status(&self) -> super::TopicStatus {
        self.transport
            .status(TOPIC)
            .expect("the state can be read")
            .expect("the topic is there")
    }

    fn group(&self) -> super::GroupStatus {
        let groups = self.status().groups;
        let group = groups.into_iter().find(|group| group.group == GROUP);
        group.expect("the group is there")
    }
}

fn member(consumer: &str) -> Member<'_> {
    member_of(GROUP, consumer)
}

fn member_of<'a>(group: &'a str, consumer: &'a str) -> Member<'a> {
    Member {
        topic: TOPIC,
        group,
        consumer,
    }
}

/// A record that is told from others by its number.
fn record(number: u64) -> Record {
    let metadata = EventMetadata::new("org.example.conformance.order.placed.v1")
        .with_id(Uuid::from_u128(u128::from(number) + 1))
        .with_time(Timestamp::UNIX_EPOCH);
    Record::new(metadata, number.to_le_bytes()).with_key(Some(format!("key-{}", number % 3)))
}

fn number(entry: &Entry) -> u64 {
    let record = entry.record.as_ref().expect("the entry holds a record");
    let bytes = record.body[..].try_into();
    u64::from_le_bytes(bytes.expect("the body is that of a record of the suite"))
}

fn numbers(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(number).collect()
}

/// Ids of receivers.
fn receivers(names: &[&str]) -> Arc<[Arc<str>]> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn event_id(entry: &Entry) -> Option<Uuid> {
    entry
        .record
        .as_ref()
        .ok()
        .map(|record| record.metadata.id())
}

/// What gives up an entry.
fn letter(entry: &Entry, reason: DeadReason) -> DeadLetter {
    DeadLetter::new(
        GROUP.into(),
        reason,
        "it said: ü",
        entry.id,
        Timestamp::from_micros(1_700_000_000_000_001).expect("a time"),
        entry.record.clone(),
    )
}

/// Waits for what takes a moment on its way between handles.
fn eventually(promise: &str, holds: impl Fn() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("did not come to be within ten seconds: {promise}");
}
