//! A SQLite database of the caller's, with orders in it and an outbox.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transaction::sqlite::{self, SqliteOutbox};
use events_bus::transaction::{self, OutboxSource};
use events_bus::transport::SharedTransport;
use events_bus::{Bus, Record};
use events_core::{Event, EventMetadata, Signal};
use rusqlite::Connection;
use tempfile::TempDir;

use super::bus::{eventually, quick};
use super::gate::Gate;

/// Length of the lease of a relay in tests.
pub const LEASE: Duration = Duration::from_secs(3);

pub struct Shop(TempDir);

impl Shop {
    pub fn new() -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        let connection = shop.open();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        sqlite::create_tables(&connection).unwrap();
        connection
            .execute_batch("CREATE TABLE orders (number INTEGER)")
            .unwrap();
        shop
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("shop.db")
    }

    pub fn open(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub fn outbox(&self) -> SqliteOutbox {
        SqliteOutbox::new(self.path())
    }

    /// Returns the number of rows that are to be sent.
    pub fn left(&self) -> u64 {
        sqlite::status(&self.open()).unwrap().waiting
    }

    #[track_caller]
    pub fn is_emptied(&self) {
        eventually(
            || self.left() == 0,
            || format!("the outbox is empty: {}", self.left()),
        );
    }

    /// Sends each in a transaction of its own.
    pub fn send<E: Event>(
        &self,
        signal: &'static Signal<E>,
        events: impl IntoIterator<Item = E>,
    ) -> Vec<EventMetadata> {
        let mut connection = self.open();
        let send = |event| {
            let mut order = connection.transaction().unwrap();
            let metadata = transaction::send_in(&mut order, signal, event).unwrap();
            order.commit().unwrap();
            metadata
        };
        events.into_iter().map(send).collect()
    }
}

/// Starts a bus with one route and one relay.
pub fn start<E: Event>(transport: &Arc<Gate>, relay: impl OutboxSource + 'static) -> Bus {
    let config = BusConfig::memory().with_route(E::INFO.event_type, "t");
    start_with(config, transport, relay)
}

pub fn start_with(
    mut config: BusConfig,
    transport: &Arc<Gate>,
    relay: impl OutboxSource + 'static,
) -> Bus {
    config.outbox.lease = LEASE;
    let shared: SharedTransport = Arc::clone(transport) as SharedTransport;
    Bus::builder(quick(config))
        .transport(shared)
        .relay(relay)
        .start()
        .unwrap()
}

pub fn published(transport: &Gate) -> Vec<Record> {
    transport.records("t")
}

/// Returns the field `number` of each event: the first, so that it begins the body.
pub fn numbers(records: &[Record]) -> Vec<i64> {
    records.iter().map(|record| number(&record.body)).collect()
}

/// Returns the first field of a body: a number in zigzag encoding, seven bits to a byte.
pub fn number(body: &[u8]) -> i64 {
    let mut value = 0_u64;
    for (index, byte) in body.iter().enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Returns the work that relays stored for the receivers of this service.
pub fn local_work(transport: &Gate) -> Vec<Record> {
    transport.local.lock().unwrap().clone()
}

/// Waits until the relay of a bus leads.
#[track_caller]
pub fn leads(bus: &Bus) {
    eventually(
        || bus.relays()[0].stats().is_leading(),
        || format!("the relay leads: {:?}", bus.relays()[0].stats()),
    );
}
