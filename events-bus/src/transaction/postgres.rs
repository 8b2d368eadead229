//! The outbox and the inbox in a PostgreSQL database of the caller's (feature `postgres`).
//!
//! The implementations are for the blocking client `postgres`. With another client, implement [`OutboxTransaction`] for its
//! transactions: one `INSERT`; the relay needs nothing of it.

use std::time::{Duration, Instant};

use ::postgres::{Client, NoTls};
use events_core::{BoxError, Timestamp, Uuid};

use super::{InboxTransaction, OutboxRow, OutboxSource, OutboxTransaction};

/// What makes the tables. It can be run again, and can be part of the caller's migrations.
pub const TABLES: &str = "
CREATE TABLE IF NOT EXISTS events_outbox (
    id BIGSERIAL PRIMARY KEY,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    metadata TEXT NOT NULL,
    trace TEXT,
    body BYTEA NOT NULL,
    problem TEXT
);
CREATE TABLE IF NOT EXISTS events_inbox (
    receiver TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at BIGINT NOT NULL,
    PRIMARY KEY (receiver, event_id)
);
";

/// The advisory lock that the relay holds: `evntobox`, as a number.
const LOCK: i64 = 0x6576_6e74_6f62_6f78;
/// The channel on which a transaction that commits tells that it has sent something.
const CHANNEL: &str = "events_outbox";

/// Makes the tables where they are not there.
///
/// # Errors
/// When the database refuses it.
pub fn create_tables(client: &mut Client) -> Result<(), ::postgres::Error> {
    client.batch_execute(TABLES)
}

impl OutboxTransaction for ::postgres::Transaction<'_> {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        self.execute(
            "INSERT INTO events_outbox (event_id, event_type, metadata, trace, body) VALUES ($1, $2, $3, $4, $5)",
            &[
                &row.event_id.to_string(),
                &row.event_type,
                &row.metadata,
                &row.trace,
                &row.body,
            ],
        )?;
        // It is heard when the transaction commits.
        self.execute("SELECT pg_notify($1, '')", &[&CHANNEL])?;
        Ok(())
    }
}

impl InboxTransaction for ::postgres::Transaction<'_> {
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
        let added = self.execute(
            "INSERT INTO events_inbox (receiver, event_id, handled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[
                &receiver,
                &event_id.to_string(),
                &Timestamp::now().as_micros(),
            ],
        )?;
        Ok(added > 0)
    }
}

/// Forgets what receivers have handled before a time. Says how many.
///
/// # Errors
/// When the database refuses it.
pub fn forget_before(client: &mut Client, time: Timestamp) -> Result<u64, ::postgres::Error> {
    client.execute(
        "DELETE FROM events_inbox WHERE handled_at < $1",
        &[&time.as_micros()],
    )
}

/// The outbox of a database, for [`BusBuilder::relay`](crate::BusBuilder::relay). It connects without TLS.
pub struct PostgresOutbox {
    connection: String,
    client: Option<Client>,
    leads: bool,
}

impl PostgresOutbox {
    /// The outbox of this database: a connection string as of libpq, `host=… user=… dbname=…` or a URL.
    pub fn new(connection: impl Into<String>) -> Self {
        Self {
            connection: connection.into(),
            client: None,
            leads: false,
        }
    }

    fn client(&mut self) -> Result<&mut Client, BoxError> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            // The lock went with the connection.
            self.leads = false;
            let mut config: ::postgres::Config = self.connection.parse()?;
            config.connect_timeout(Duration::from_secs(5));
            let mut client = config.connect(NoTls)?;
            create_tables(&mut client)?;
            client.batch_execute(&format!("SET statement_timeout = 10000; LISTEN {CHANNEL}"))?;
            self.client = Some(client);
        }
        self.client
            .as_mut()
            .ok_or_else(|| "the database is not connected".into())
    }
}

/// Without the connection string, which may have a password.
impl std::fmt::Debug for PostgresOutbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOutbox")
            .field("connected", &self.client.is_some())
            .field("leads", &self.leads)
            .finish_non_exhaustive()
    }
}

impl OutboxSource for PostgresOutbox {
    fn name(&self) -> String {
        "postgres".to_owned()
    }

    fn lead(&mut self) -> Result<bool, BoxError> {
        self.client()?;
        // As long as the connection lives, the lock is held: asking once is enough, but the connection has to live.
        if self.leads {
            return Ok(true);
        }
        let row = self
            .client()?
            .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK])?;
        self.leads = row.try_get(0)?;
        Ok(self.leads)
    }

    fn read(&mut self, most: usize) -> Result<Vec<(i64, OutboxRow)>, BoxError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = self.client()?.query(
            "SELECT id, event_id, event_type, metadata, trace, body FROM events_outbox
             WHERE problem IS NULL ORDER BY id LIMIT $1",
            &[&most],
        )?;
        rows.iter()
            .map(|row| {
                let event_id: String = row.try_get(1)?;
                let of_outbox = OutboxRow {
                    event_id: Uuid::try_parse(&event_id).unwrap_or_default(),
                    event_type: row.try_get(2)?,
                    metadata: row.try_get(3)?,
                    trace: row.try_get(4)?,
                    body: row.try_get(5)?,
                };
                Ok((row.try_get(0)?, of_outbox))
            })
            .collect()
    }

    fn remove(&mut self, numbers: &[i64]) -> Result<(), BoxError> {
        if !numbers.is_empty() {
            self.client()?
                .execute("DELETE FROM events_outbox WHERE id = ANY($1)", &[&numbers])?;
        }
        Ok(())
    }

    fn set_aside(&mut self, number: i64, problem: &str) -> Result<(), BoxError> {
        self.client()?.execute(
            "UPDATE events_outbox SET problem = $1 WHERE id = $2",
            &[&problem, &number],
        )?;
        Ok(())
    }

    fn wait(&mut self, most: Duration) {
        use ::postgres::fallible_iterator::FallibleIterator;

        let began = Instant::now();
        let heard = self.client().and_then(|client| {
            let mut notifications = client.notifications();
            Ok(notifications.timeout_iter(most).next()?.is_some())
        });
        // Where it cannot listen, it does not spin.
        if heard.is_err() {
            std::thread::sleep(most.saturating_sub(began.elapsed()));
        }
    }
}
