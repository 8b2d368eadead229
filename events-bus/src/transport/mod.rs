//! Transports: where events are between services.
//!
//! A transport keeps *topics*, which are logs of [records](crate::Record), and for each topic *groups* of consumers, which remember
//! how far they are. It knows nothing of receivers, retry policies or routing: those belong to the bus. Three transports come with
//! this crate: [`memory`] for tests, [`sqlite`], the embedded default, and [`redis`] Streams.
//!
//! The contract has three traits: [`Log`] (publish, read), [`Groups`] (lead, receive, settle) and [`Maintenance`] (status, dead
//! letters, retention). The rules that every transport shares are pure functions in [`rules`]. The public suite [`conformance`]
//! checks a transport of another crate against all of it. A [`driver`] gives a transport its name, its URLs and its settings;
//! [`register`] adds one of another crate.
//!
//! # Promises
//! - **Order.** Records are read in the order in which they were published. Pending entries are claimed in the order of entries.
//! - **At least once.** An entry that was handed to a consumer stays pending in its group until it is
//!   [settled](Groups::settle), whatever becomes of the consumer, the process, or a broker that keeps its data.
//! - **All or nothing.** Each call happens as a whole or not at all. After an error with an unknown outcome it may be either.
//! - **Fencing.** An old epoch changes nothing, see [`Groups`].
//! - **Proven publication.** A batch of an outbox that was published is recognized by the ids of its events, see
//!   [`Log::publish_batch`].
//! - **Time.** No call blocks for longer than the configured timeouts, apart from the given `wait`.
//! - **Threads.** Any number of threads may call at the same time.
//! - **Nothing is lost by trimming.** [`trim`](Maintenance::trim) keeps what a group has not finished, unless
//!   `lose_unread_beyond` says otherwise.
//! - **Bytes from outside do not panic.** An entry that cannot be read as a record is handed out as [`Malformed`].

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod driver;
pub mod entry;
pub mod error;
mod groups;
mod lease;
mod log;
mod maintenance;
#[cfg(feature = "memory")]
pub mod memory;
pub mod names;
#[cfg(feature = "redis")]
pub mod redis;
pub mod rules;
pub mod settle;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod status;

use std::sync::Arc;

pub use driver::{Driver, register};
pub use entry::{Entry, EntryId, Field, Malformed, ParseEntryIdError, Position, Queue};
pub use error::{TransportError, TransportErrorKind};
pub use groups::{Claim, Claimed, Groups, Limit, RetryId, Start};
pub use lease::{Epoch, Leadership, Member, ParseEpochError};
pub use log::{Batch, Dispute, Log, Receipt};
pub use maintenance::{DeadLetterLimits, Maintenance, Retention, Trimmed};
pub use settle::{DeadLetter, DeadReason, Parked, RetryState, Settlement};
pub use status::{GroupStatus, TopicStatus};

/// A complete transport. Every type that implements the three traits is one.
pub trait Transport: Log + Groups + Maintenance {}

impl<T: Log + Groups + Maintenance> Transport for T {}

/// A transport as the bus shares it.
pub type SharedTransport = Arc<dyn Transport>;

/// Writes methods of a wrapper that forward to the transport it wraps.
///
/// ```
/// use events_bus::delegate_transport;
/// use events_bus::transport::{EntryId, Log, SharedTransport, TransportError};
/// use events_bus::Record;
///
/// /// Counts published records.
/// #[derive(Debug)]
/// struct Counted {
///     inner: SharedTransport,
/// }
///
/// impl Log for Counted {
///     fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
///         println!("{} records", records.len());
///         self.inner.publish(topic, records)
///     }
///     delegate_transport!(inner: name, publish_batch, read);
/// }
/// delegate_transport!(impl Groups, Maintenance for Counted => inner);
/// ```
#[macro_export]
macro_rules! delegate_transport {
    (impl $($trait:ident),+ for $type:ty => $inner:ident) => {
        $($crate::delegate_transport!(@impl $trait $type, $inner);)+
    };
    (@impl Log $type:ty, $inner:ident) => {
        impl $crate::transport::Log for $type {
            $crate::delegate_transport!($inner: name, publish, publish_batch, read);
        }
    };
    (@impl Groups $type:ty, $inner:ident) => {
        impl $crate::transport::Groups for $type {
            $crate::delegate_transport!(
                $inner: join, lead, renew, receive, claim, settle, release, requeue, retries, claim_retries
            );
        }
    };
    (@impl Maintenance $type:ty, $inner:ident) => {
        impl $crate::transport::Maintenance for $type {
            $crate::delegate_transport!(
                $inner: topics, status, dead_letters, drop_dead_letters, trim_dead_letters, trim, delete_group, warnings,
                backup, vacuum
            );
        }
    };
    ($inner:ident: $($method:ident),+ $(,)?) => {
        $($crate::delegate_transport!(@ $inner $method);)+
    };
    (@ $inner:ident name) => {
        fn name(&self) -> &'static str {
            self.$inner.name()
        }
    };
    (@ $inner:ident publish) => {
        $crate::delegate_transport!(@fn $inner publish(topic: &str, records: &[$crate::Record])
            -> Vec<$crate::transport::EntryId>);
    };
    (@ $inner:ident publish_batch) => {
        $crate::delegate_transport!(@fn $inner publish_batch(
            topic: &str, records: &[$crate::Record], batch: $crate::transport::Batch<'_>
        ) -> $crate::transport::Receipt);
    };
    (@ $inner:ident read) => {
        $crate::delegate_transport!(@fn $inner read(topic: &str, from: $crate::transport::Position, limit: usize)
            -> Vec<$crate::transport::Entry>);
    };
    (@ $inner:ident join) => {
        $crate::delegate_transport!(@fn $inner join(topic: &str, group: &str, start: $crate::transport::Start) -> ());
    };
    (@ $inner:ident lead) => {
        $crate::delegate_transport!(@fn $inner lead(
            member: $crate::transport::Member<'_>, lease: ::core::time::Duration
        ) -> $crate::transport::Leadership);
    };
    (@ $inner:ident renew) => {
        $crate::delegate_transport!(@fn $inner renew(
            member: $crate::transport::Member<'_>, lease: ::core::time::Duration, entries: &[$crate::transport::EntryId]
        ) -> ());
    };
    (@ $inner:ident receive) => {
        $crate::delegate_transport!(@fn $inner receive(
            member: $crate::transport::Member<'_>, limit: $crate::transport::Limit, wait: ::core::time::Duration
        ) -> Vec<$crate::transport::Entry>);
    };
    (@ $inner:ident claim) => {
        $crate::delegate_transport!(@fn $inner claim(
            member: $crate::transport::Member<'_>, claim: $crate::transport::Claim
        ) -> $crate::transport::Claimed);
    };
    (@ $inner:ident settle) => {
        $crate::delegate_transport!(@fn $inner settle(
            member: $crate::transport::Member<'_>, settlements: &[$crate::transport::Settlement]
        ) -> ());
    };
    (@ $inner:ident release) => {
        $crate::delegate_transport!(@fn $inner release(member: $crate::transport::Member<'_>) -> ());
    };
    (@ $inner:ident requeue) => {
        $crate::delegate_transport!(@fn $inner requeue(topic: &str, group: &str, records: &[$crate::Record]) -> ());
    };
    (@ $inner:ident retries) => {
        $crate::delegate_transport!(@fn $inner retries(member: $crate::transport::Member<'_>)
            -> Vec<($crate::transport::EntryId, $crate::transport::RetryState)>);
    };
    (@ $inner:ident claim_retries) => {
        $crate::delegate_transport!(@fn $inner claim_retries(
            member: $crate::transport::Member<'_>, retries: &[$crate::transport::RetryId], idle: ::core::time::Duration,
            trial: bool
        ) -> Vec<$crate::transport::Entry>);
    };
    (@ $inner:ident topics) => {
        $crate::delegate_transport!(@fn $inner topics() -> Vec<$crate::transport::TopicStatus>);
    };
    (@ $inner:ident status) => {
        $crate::delegate_transport!(@fn $inner status(topic: &str) -> Option<$crate::transport::TopicStatus>);
    };
    (@ $inner:ident dead_letters) => {
        $crate::delegate_transport!(@fn $inner dead_letters(
            topic: &str, after: Option<$crate::transport::EntryId>, limit: usize
        ) -> Vec<($crate::transport::EntryId, $crate::transport::DeadLetter)>);
    };
    (@ $inner:ident drop_dead_letters) => {
        $crate::delegate_transport!(@fn $inner drop_dead_letters(topic: &str, ids: &[$crate::transport::EntryId]) -> u64);
    };
    (@ $inner:ident trim_dead_letters) => {
        $crate::delegate_transport!(@fn $inner trim_dead_letters(
            topic: &str, limits: $crate::transport::DeadLetterLimits
        ) -> u64);
    };
    (@ $inner:ident trim) => {
        $crate::delegate_transport!(@fn $inner trim(topic: &str, retention: $crate::transport::Retention)
            -> $crate::transport::Trimmed);
    };
    (@ $inner:ident delete_group) => {
        $crate::delegate_transport!(@fn $inner delete_group(topic: &str, group: &str) -> bool);
    };
    (@ $inner:ident warnings) => {
        $crate::delegate_transport!(@fn $inner warnings() -> Vec<String>);
    };
    (@ $inner:ident backup) => {
        $crate::delegate_transport!(@fn $inner backup(to: &::std::path::Path) -> ());
    };
    (@ $inner:ident vacuum) => {
        $crate::delegate_transport!(@fn $inner vacuum() -> ());
    };
    (@fn $inner:ident $method:ident($($name:ident: $type:ty),*) -> $answer:ty) => {
        fn $method(&self, $($name: $type),*) -> Result<$answer, $crate::transport::TransportError> {
            self.$inner.$method($($name),*)
        }
    };
}
