//! The outbox and the inbox in a PostgreSQL database of the caller's (feature `postgres`).
//!
//! The implementations are for the blocking client `postgres`. With another client, run [`INSERT`] with the columns of an
//! [`OutboxRow`] in the caller's transaction; the relay has a connection of its own.
//!
//! What could not be sent stays in `events_outbox`, with the reason in the column `problem`. A relay that starts tries it once more.
//! `UPDATE events_outbox SET problem = NULL` has it sent again, `DELETE FROM events_outbox WHERE problem IS NOT NULL` gives it up.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use ::postgres::config::{Host, SslMode};
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::Type;
use ::postgres::{Client, Config, Error, GenericClient, NoTls};
use events_core::{BoxError, Timestamp, Uuid};

/// The client, in the version that is implemented here.
pub use ::postgres;

use super::{InboxTransaction, OutboxRow, OutboxSource, OutboxStatus, OutboxTransaction, Pending};

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
CREATE INDEX IF NOT EXISTS events_outbox_waiting ON events_outbox (id) WHERE problem IS NULL;
CREATE TABLE IF NOT EXISTS events_inbox (
    receiver TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at BIGINT NOT NULL,
    PRIMARY KEY (receiver, event_id)
);
";

/// What adds an event to the outbox: the fields of an [`OutboxRow`], in their order; all are text but the last, which is `BYTEA`. It tells
/// the relay, too, which hears it when the transaction commits.
pub const INSERT: &str = "WITH events_outbox_row AS (
    INSERT INTO events_outbox (event_id, event_type, metadata, trace, body) VALUES ($1, $2, $3, $4, $5) RETURNING id
) SELECT pg_notify('events_outbox', '')::text FROM events_outbox_row";

/// What adds to the inbox: the id of the receiver, that of the event, and the time in microseconds (`BIGINT`). It changes no row where
/// the receiver has handled the event before.
pub const INSERT_INBOX: &str = "INSERT INTO events_inbox (receiver, event_id, handled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// The advisory lock that the relay holds: this number (`evnt`), and the number of the table.
const LEAD: &str = "SELECT pg_try_advisory_lock(1702260340, 'events_outbox'::regclass::oid::int4)";

/// A relay whose host is gone must lose its lead soon: the server finds out by these.
const SESSION: &str = "
SET statement_timeout = 10000;
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
LISTEN events_outbox;
";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes the tables where they are not there. Who does not may need no right to make tables.
///
/// # Errors
/// When the database refuses it.
pub fn create_tables(client: &mut impl GenericClient) -> Result<(), Error> {
    let are_there = "SELECT to_regclass('events_outbox') IS NOT NULL AND to_regclass('events_inbox') IS NOT NULL";
    if client.query_one(are_there, &[])?.try_get(0)? {
        return Ok(());
    }
    let mut transaction = client.transaction()?;
    // Two that make a table at the same time are told of a duplicate, in spite of IF NOT EXISTS.
    transaction.batch_execute("SELECT pg_advisory_xact_lock(1702260340, 0)")?;
    transaction.batch_execute(TABLES)?;
    transaction.commit()
}

impl OutboxTransaction for postgres::Transaction<'_> {
    fn insert(&mut self, row: &OutboxRow) -> Result<(), BoxError> {
        self.query_typed(
            INSERT,
            &[
                (&row.event_id.to_string(), Type::TEXT),
                (&row.event_type, Type::TEXT),
                (&row.metadata, Type::TEXT),
                (&row.trace, Type::TEXT),
                (&row.body, Type::BYTEA),
            ],
        )?;
        Ok(())
    }
}

impl InboxTransaction for postgres::Transaction<'_> {
    fn insert(&mut self, receiver: &str, event_id: Uuid) -> Result<bool, BoxError> {
        let added = self.execute(
            INSERT_INBOX,
            &[
                &receiver,
                &event_id.to_string(),
                &Timestamp::now().as_micros(),
            ],
        )?;
        Ok(added > 0)
    }
}

/// Forgets what receivers have handled before a time: events that come later than that are no duplicates any more. Says how many.
///
/// # Errors
/// When the database refuses it.
pub fn forget_before(client: &mut impl GenericClient, time: Timestamp) -> Result<u64, Error> {
    client.execute(
        "DELETE FROM events_inbox WHERE handled_at < $1",
        &[&time.as_micros()],
    )
}

/// How the outbox stands.
///
/// # Errors
/// When the database cannot be read.
pub fn status(client: &mut impl GenericClient) -> Result<OutboxStatus, Error> {
    let row = client.query_one(
        "SELECT count(*) FILTER (WHERE problem IS NULL), count(*) FILTER (WHERE problem IS NOT NULL),
            (SELECT metadata FROM events_outbox WHERE problem IS NULL ORDER BY id LIMIT 1)
         FROM events_outbox",
        &[],
    )?;
    let count = |index: usize| -> Result<u64, Error> {
        Ok(u64::try_from(row.try_get::<_, i64>(index)?).unwrap_or_default())
    };
    let oldest: Option<String> = row.try_get(2)?;
    Ok(OutboxStatus::new(count(0)?, oldest.as_deref(), count(1)?))
}

type Connect = Box<dyn FnMut() -> Result<Client, Error> + Send>;

/// The outbox of a database, for [`BusBuilder::relay`](crate::BusBuilder::relay).
///
/// It has a connection of its own, which has to be one to the server: a pooler that hands out connections for a transaction each knows
/// neither `LISTEN` nor the lock by which one relay of several leads. The relay makes the tables where they are not there.
pub struct PostgresOutbox {
    name: String,
    connect: Connect,
    refused: Option<&'static str>,
    client: Option<Client>,
    leads: bool,
}

impl PostgresOutbox {
    /// The outbox of the database with this configuration, which a connection string of libpq or a URL is parsed to. Without TLS:
    /// see [`connect_with`](Self::connect_with).
    ///
    /// ```
    /// use events_bus::transaction::postgres::PostgresOutbox;
    ///
    /// let outbox = PostgresOutbox::new("postgresql://shop@localhost/shop".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(mut config: Config) -> Self {
        let name = name(&config);
        let refused = if config.get_ssl_mode() == SslMode::Require {
            Some(
                "its configuration asks for TLS, which `PostgresOutbox::new` does not have: use `PostgresOutbox::connect_with`",
            )
        } else if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            Some("its configuration names no host: add `host=…`")
        } else {
            None
        };
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(20));
        }
        Self {
            refused,
            ..Self::connect_with(name, move || config.connect(NoTls))
        }
    }

    /// The outbox of the database that this connects to: over TLS, with a password that changes, or whatever it takes. It is called
    /// whenever there is no connection, and should come to an end within seconds. The name is for messages.
    pub fn connect_with(
        name: impl Into<String>,
        connect: impl FnMut() -> Result<Client, Error> + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            connect: Box::new(connect),
            refused: None,
            client: None,
            leads: false,
        }
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        let open = self.client.take().filter(|client| !client.is_closed());
        let client = if let Some(client) = open {
            client
        } else {
            // The lock went with the connection.
            self.leads = false;
            let mut client = (self.connect)()?;
            create_tables(&mut client)?;
            client.batch_execute(SESSION)?;
            client
        };
        Ok(self.client.insert(client))
    }
}

/// Where the database is, without how to get in.
fn name(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config
            .get_hostaddrs()
            .first()
            .map_or_else(|| "?".to_owned(), ToString::to_string),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or("?");
    format!("postgres {host}:{port}/{database}")
}

/// Without the configuration, which may have a password.
impl fmt::Debug for PostgresOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOutbox")
            .field("name", &self.name)
            .field("connected", &self.client.is_some())
            .field("leads", &self.leads)
            .finish_non_exhaustive()
    }
}

impl OutboxSource for PostgresOutbox {
    fn name(&self) -> String {
        self.name.clone()
    }

    /// A server that does not answer now may do so later.
    fn check(&mut self) -> Result<(), BoxError> {
        self.refused.map_or(Ok(()), |problem| Err(problem.into()))
    }

    fn lead(&mut self) -> Result<bool, BoxError> {
        let client = self.client()?;
        // The lock is held as long as the connection lives: so that is what is asked.
        if let Err(error) = client.is_valid(ANSWER_TIMEOUT) {
            self.leave();
            return Err(error.into());
        }
        if !self.leads {
            self.leads = self.client()?.query_one(LEAD, &[])?.try_get(0)?;
        }
        Ok(self.leads)
    }

    fn leave(&mut self) {
        self.client = None;
        self.leads = false;
    }

    fn take_back(&mut self) -> Result<u64, BoxError> {
        let back = "UPDATE events_outbox SET problem = NULL WHERE problem IS NOT NULL";
        Ok(self.client()?.execute(back, &[])?)
    }

    fn read(&mut self, most: usize) -> Result<Vec<Pending>, BoxError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = self.client()?.query(
            "SELECT id, event_id, event_type, metadata, trace, body FROM events_outbox
             WHERE problem IS NULL ORDER BY id LIMIT $1",
            &[&most],
        )?;
        rows.iter()
            .map(|row| {
                let columns = row_of(row).map_err(|error| error.to_string());
                Ok((row.try_get(0)?, columns))
            })
            .collect()
    }

    fn remove(&mut self, numbers: &[i64]) -> Result<(), BoxError> {
        self.client()?
            .execute("DELETE FROM events_outbox WHERE id = ANY($1)", &[&numbers])?;
        Ok(())
    }

    fn set_aside(&mut self, number: i64, problem: &str) -> Result<(), BoxError> {
        self.client()?.execute(
            "UPDATE events_outbox SET problem = $1 WHERE id = $2",
            &[&problem, &number],
        )?;
        Ok(())
    }

    fn status(&mut self) -> Result<OutboxStatus, BoxError> {
        Ok(status(self.client()?)?)
    }

    fn wait(&mut self, most: Duration) -> bool {
        let began = Instant::now();
        let heard = self.client.as_mut().map(|client| {
            let mut notifications = client.notifications();
            let heard = notifications.timeout_iter(most).next();
            // One look serves all that have been told of.
            while let Ok(Some(_)) = notifications.iter().next() {}
            heard
        });
        if let Some(Ok(Some(_))) = heard {
            return true;
        }
        // Where it cannot listen, it does not spin.
        thread::sleep(most.saturating_sub(began.elapsed()));
        false
    }
}

fn row_of(row: &postgres::Row) -> Result<OutboxRow, Error> {
    let event_id: String = row.try_get(1)?;
    Ok(OutboxRow {
        // It is there to be searched for; the metadata has it, too.
        event_id: Uuid::try_parse(&event_id).unwrap_or_default(),
        event_type: row.try_get(2)?,
        metadata: row.try_get(3)?,
        trace: row.try_get(4)?,
        body: row.try_get(5)?,
    })
}
