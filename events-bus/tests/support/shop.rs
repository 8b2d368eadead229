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

use events_bus::config::BusConfig;
use events_bus::transaction::sqlite::{self, SqliteOutbox};
use events_bus::transaction::{self, OutboxSource};
use events_bus::transport::{Position, SharedTransport, Transport};
use events_bus::{Bus, Record};
use events_core::{Event, EventMetadata, Signal};
use rusqlite::Connection;
use tempfile::TempDir;

use super::bus::{eventually, quick};
use super::flaky::Flaky;

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

    /// What is to be sent.
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

/// A bus with one route and these relays.
pub fn start<E: Event>(transport: &Arc<Flaky>, relay: impl OutboxSource + 'static) -> Bus {
    let shared: SharedTransport = Arc::clone(transport) as SharedTransport;
    Bus::builder(quick(
        BusConfig::memory().with_route(E::INFO.event_type, "t"),
    ))
    .transport(shared)
    .relay(relay)
    .start()
    .unwrap()
}

pub fn published(transport: &Flaky) -> Vec<Record> {
    let entries = transport.read("t", Position::Oldest, 10_000);
    let entries = entries.unwrap_or_default().into_iter();
    entries.map(|entry| entry.record.unwrap()).collect()
}
