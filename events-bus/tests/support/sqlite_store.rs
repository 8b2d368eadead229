//! A store in a file with a group, for tests of groups.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::allow_attributes,
    reason = "each test uses a part of it"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
use events_bus::transport::{
    Claim, Entry, EntryId, Groups, Limit, Log, Member, RetryState, Settlement, Start,
};
use events_core::{EventMetadata, Timestamp};
use rusqlite::Connection;
use rusqlite::types::Value;

pub const ONE: Member<'static> = Member::new("orders", "billing", "one");
pub const TWO: Member<'static> = Member::new("orders", "billing", "two");
pub const LONG: Duration = Duration::from_mins(1);
pub const NOW: Duration = Duration::ZERO;
pub const MANY: Limit = Limit::entries(1000);

/// A store in a folder of its own, with a group that has joined.
pub struct Store {
    pub path: PathBuf,
    pub transport: SqliteTransport,
    _folder: tempfile::TempDir,
}

impl Store {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let transport = open(&path);
        transport
            .join("orders", "billing", Start::Beginning)
            .unwrap();
        Self {
            path,
            transport,
            _folder: folder,
        }
    }

    pub fn publish(&self, count: usize) -> Vec<EntryId> {
        let records: Vec<_> = (0..count).map(|_| record(10)).collect();
        self.transport.publish("orders", &records).unwrap()
    }

    pub fn lead<'a>(&self, member: Member<'a>, lease: Duration) -> Member<'a> {
        let epoch = self.transport.lead(member, lease).unwrap().epoch();
        member.under(epoch.expect("nobody else leads"))
    }

    pub fn receive(&self, member: Member<'_>) -> Vec<Entry> {
        self.transport.receive(member, MANY, NOW).unwrap()
    }

    /// Every row of every table.
    pub fn rows(&self) -> Vec<(String, Vec<Vec<Value>>)> {
        let file = Connection::open(&self.path).unwrap();
        let tables: Vec<String> = file
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        tables
            .into_iter()
            .map(|table| {
                let mut select = file.prepare(&format!("SELECT * FROM {table}")).unwrap();
                let width = select.column_count();
                let rows = select
                    .query_map([], |row| (0..width).map(|index| row.get(index)).collect())
                    .unwrap()
                    .collect::<Result<_, _>>()
                    .unwrap();
                (table, rows)
            })
            .collect()
    }
}

pub fn open(path: &Path) -> SqliteTransport {
    let mut options = SqliteOptions::default();
    options.sync = Sync::Normal;
    SqliteTransport::open(path, options).unwrap()
}

pub fn record(size: usize) -> Record {
    let metadata = EventMetadata::new("org.example.shop.order.placed.v1");
    Record::new(metadata, vec![7; size])
}

pub const fn claim() -> Claim {
    Claim {
        after: None,
        own: true,
        idle: NOW,
        limit: MANY,
        max_deliveries: 5,
        trial: false,
    }
}

pub fn ids(entries: &[Entry]) -> Vec<EntryId> {
    entries.iter().map(|entry| entry.id).collect()
}

pub fn state(receiver: &str, delay: Duration) -> RetryState {
    RetryState {
        receiver: receiver.into(),
        key: Some("customer-7".into()),
        attempts: 3,
        error: "no connection".into(),
        due: Timestamp::from_micros(1_800_000_000_000_000).unwrap(),
        delay,
    }
}

pub fn done(entry: EntryId) -> Settlement {
    Settlement::new(entry, None, Arc::default())
}
