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
//! A check panics where a promise is broken, and says which. The suite takes some seconds: leases have to end.

mod groups;
mod publishing;
mod records;
mod retention;
mod settling;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use events_core::{EventMetadata, Timestamp, Uuid};

use super::{Entry, Member, SharedTransport};
use crate::record::Record;

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
    /// The promise.
    pub name: &'static str,
    check: fn(&Setting<'_>),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
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
        (self.check)(&setting);
    }
}

/// Every check.
pub fn checks() -> Vec<Check> {
    [
        publishing::CHECKS,
        records::CHECKS,
        groups::CHECKS,
        settling::CHECKS,
        retention::CHECKS,
    ]
    .concat()
}

/// Runs every check, and says at the end which promises are broken.
///
/// # Panics
/// When one of them is.
pub fn run(fixture: &dyn Fixture) {
    let broken: Vec<_> = checks()
        .iter()
        .filter(|check| catch_unwind(AssertUnwindSafe(|| check.run(fixture))).is_err())
        .map(|check| check.name)
        .collect();
    assert!(
        broken.is_empty(),
        "the transport breaks its promises:\n- {}",
        broken.join("\n- ")
    );
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
