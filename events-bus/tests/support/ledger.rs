//! A transport whose log is in a PostgreSQL database, so that several processes publish to it, and a test reads what came of it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::rules::Publication;
use events_bus::transport::{
    Batch, Entry, EntryId, Epoch, Log, Position, Receipt, TransportError, TransportErrorKind,
};
use events_bus::{Record, delegate_transport};
use events_core::Uuid;
use postgres::{Client, NoTls};

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub key: String,
    pub number: i64,
    pub counter: u64,
}

/// Applies the rule of publications in one transaction for each call.
pub struct Ledger {
    url: String,
    client: Mutex<Option<Client>>,
    groups: MemoryTransport,
    /// Time that each call takes before it begins.
    delay: Duration,
}

impl Ledger {
    pub fn create(client: &mut Client) {
        let tables = "CREATE TABLE ledger (line BIGSERIAL PRIMARY KEY, topic TEXT, key TEXT, body BYTEA, counter BIGINT);
            CREATE TABLE publications (topic TEXT, incarnation TEXT, epoch TEXT, last BIGINT, ids TEXT,
                PRIMARY KEY (topic, incarnation))";
        client.batch_execute(tables).unwrap();
    }

    pub fn new(url: &str, delay: Duration) -> Self {
        Self {
            url: url.to_owned(),
            client: Mutex::default(),
            groups: MemoryTransport::new(),
            delay,
        }
    }

    /// Returns all lines, in the order in which they were published.
    pub fn lines(client: &mut Client) -> Vec<Line> {
        let rows = client.query("SELECT key, body, counter FROM ledger ORDER BY line", &[]);
        let line = |row: &postgres::Row| Line {
            key: row.get(0),
            number: super::shop::number(row.get(1)),
            counter: row.get::<_, i64>(2).cast_unsigned(),
        };
        rows.unwrap().iter().map(line).collect()
    }

    fn append(
        client: &mut Client,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, postgres::Error> {
        let mut transaction = client.transaction()?;
        // One batch at a time, also of an incarnation that is new.
        transaction.execute("LOCK TABLE publications IN EXCLUSIVE MODE", &[])?;
        let incarnation = batch.incarnation.to_string();
        let select =
            "SELECT epoch, last, ids FROM publications WHERE topic = $1 AND incarnation = $2";
        let stored = transaction.query_opt(select, &[&topic, &incarnation])?;
        let mut publication = stored.map_or_else(Publication::default, |row| Publication {
            epoch: row.get::<_, String>(0).parse::<Epoch>().ok(),
            last: row.get::<_, i64>(1).cast_unsigned(),
            ids: row
                .get::<_, String>(2)
                .split_whitespace()
                .map(|id| Uuid::try_parse(id).unwrap())
                .collect(),
        });
        let ids = records.iter().map(|record| record.metadata.id());
        let numbered: Vec<_> = batch.numbers.iter().copied().zip(ids).collect();
        let appends = match publication.judge(batch.epoch, batch.acknowledged, &numbered) {
            Ok(appends) => appends,
            Err(dispute) => return Ok(Receipt::Disputed(dispute)),
        };
        let mut entries = Vec::new();
        for (record, append) in records.iter().zip(&appends) {
            if !append {
                entries.push(None);
                continue;
            }
            let insert = "INSERT INTO ledger (topic, key, body, counter) VALUES ($1, $2, $3, $4) RETURNING line";
            let key = record.key.as_deref().unwrap_or_default();
            let counter = batch.epoch.counter().cast_signed();
            let row = transaction.query_one(insert, &[&topic, &key, &&*record.body, &counter])?;
            let line: i64 = row.get(0);
            entries.push(Some(EntryId::new(line.cast_unsigned(), 0)));
        }
        publication.record(batch.epoch, &numbered, &appends);
        let ids: Vec<_> = publication.ids.iter().map(Uuid::to_string).collect();
        transaction.execute(
            "INSERT INTO publications VALUES ($1, $2, $3, $4, $5) ON CONFLICT (topic, incarnation)
             DO UPDATE SET epoch = excluded.epoch, last = excluded.last, ids = excluded.ids",
            &[
                &topic,
                &incarnation,
                &batch.epoch.to_string(),
                &publication.last.cast_signed(),
                &ids.join(" "),
            ],
        )?;
        transaction.commit()?;
        Ok(Receipt::Published(entries))
    }
}

impl Log for Ledger {
    fn name(&self) -> &'static str {
        "ledger"
    }

    fn publish(&self, _: &str, _: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        panic!("relays publish batches")
    }

    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        std::thread::sleep(self.delay);
        let mut client = self.client.lock().unwrap();
        let failed = |error: postgres::Error| {
            TransportError::new(TransportErrorKind::Unavailable, "ledger", error.to_string())
                .outcome_unknown()
        };
        let mut open = match client.take() {
            Some(open) => open,
            None => Client::connect(&self.url, NoTls).map_err(failed)?,
        };
        let receipt = Self::append(&mut open, topic, records, batch).map_err(failed)?;
        *client = Some(open);
        Ok(receipt)
    }

    fn read(&self, _: &str, _: Position, _: usize) -> Result<Vec<Entry>, TransportError> {
        Ok(Vec::new())
    }
}
delegate_transport!(impl Groups, Maintenance for Ledger => groups);

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ledger")
    }
}
