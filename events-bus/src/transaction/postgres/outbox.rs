//! The source of a relay in a PostgreSQL database.

use std::fmt;
use std::time::Duration;

use ::postgres::config::{Host, SslMode};
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, Config, Error, NoTls};
use events_core::{BoxError, Uuid};

use super::{create_tables, postgres, status};
use crate::transaction::{OutboxRow, OutboxSource, OutboxStatus, Pending, Term};
use crate::transport::Epoch;

use super::gaps::Gaps;

/// Bytes of bodies after which a read ends.
const READ_BYTES: i64 = 8 << 20;
/// Name of the lease of the outbox.
const LEASE: &str = "events_outbox";

/// No statement, and no lock that it waits for, may keep the relay for long.
///
/// The statistics of a queue are mostly wrong: measured while it was empty, they make the planner sort all rows for each read. So
/// the plan is always the index.
const SESSION: &str = "
SET statement_timeout = 10000;
SET lock_timeout = 5000;
SET idle_in_transaction_session_timeout = 10000;
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
SET jit = off;
";

const IS_HELD: &str = "SELECT FROM events_outbox_lease WHERE name = $1 AND holder IS NOT NULL AND until > clock_timestamp()";

/// $1 name, $2 holder, $3 lease in microseconds, $4 a new incarnation, $5 numbers to reserve.
const LEAD: &str = "
INSERT INTO events_outbox_lease AS lease (name, counter, holder, until, incarnation, last)
VALUES ($1, 1, $2, clock_timestamp() + $3 * interval '1 microsecond', $4, $5)
ON CONFLICT (name) DO UPDATE SET counter = lease.counter + 1, holder = excluded.holder, until = excluded.until,
    last = lease.last + excluded.last
    WHERE lease.holder IS NULL OR lease.until <= clock_timestamp()
RETURNING counter, incarnation, last - $5";

/// The first three parameters are the name, the counter and the holder, also below.
const RENEW: &str = "
UPDATE events_outbox_lease SET until = clock_timestamp() + $4 * interval '1 microsecond', incarnation = $5, last = $6
WHERE name = $1 AND counter = $2 AND holder = $3 RETURNING name";

const RELEASE: &str = "
UPDATE events_outbox_lease SET holder = NULL, last = $4 WHERE name = $1 AND counter = $2 AND holder = $3
RETURNING name";

/// The row lock makes another relay that takes the lead wait for the end of the statement, or shows that it has taken it.
const REMOVE: &str = "
WITH lease AS (SELECT FROM events_outbox_lease WHERE name = $1 AND counter = $2 AND holder = $3 FOR SHARE),
gone AS (DELETE FROM events_outbox WHERE id = ANY($4) AND EXISTS (SELECT FROM lease))
SELECT FROM lease";

const QUARANTINE: &str = "
WITH lease AS (SELECT FROM events_outbox_lease WHERE name = $1 AND counter = $2 AND holder = $3 FOR SHARE),
changed AS (UPDATE events_outbox SET problem = $4 WHERE id = $5 AND EXISTS (SELECT FROM lease))
SELECT FROM lease";

/// Reads in one statement, and so in one snapshot: a row of a gap that was committed before a new row is seen before it. The size of a body is
/// known without reading it. $1 the last number, $2 a limit of rows, $3 the gaps, $4 a limit of bytes.
const READ: &str = "
SELECT txid_snapshot_xmin(now.snapshot), txid_snapshot_xmax(now.snapshot), pending.*
FROM (SELECT txid_current_snapshot() AS snapshot) now LEFT JOIN (
    SELECT id, event_id, event_type, metadata, trace, body FROM (
        SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes FROM (
            SELECT id, event_id, event_type, metadata, trace, body FROM events_outbox
            WHERE problem IS NULL AND id = ANY($3) AND id <= $1
            UNION ALL (
                SELECT id, event_id, event_type, metadata, trace, body FROM events_outbox
                WHERE problem IS NULL AND id > $1 ORDER BY id LIMIT $2
            )
        ) found
    ) sized WHERE bytes < $4
) pending ON true
ORDER BY pending.id";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

type Connect = Box<dyn FnMut() -> Result<Client, Error> + Send>;

/// The outbox of a database, for [`BusBuilder::relay`](crate::BusBuilder::relay).
///
/// Of several relays, in any processes, one sends: the one that leads by the row in `events_outbox_lease`. Its time comes from the
/// clock of the database. The relay has a connection of its own, and creates the tables that do not exist.
pub struct PostgresOutbox {
    name: String,
    connect: Connect,
    refused: Option<&'static str>,
    client: Option<Client>,
    gaps: Gaps,
}

impl PostgresOutbox {
    /// Creates the outbox of the database with this configuration, which is parsed from a connection string of libpq or a URL. It
    /// connects without TLS: see [`connect_with`](Self::connect_with).
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
        config.keepalives_idle(Duration::from_secs(10));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        Self {
            refused,
            ..Self::connect_with(name, move || config.connect(NoTls))
        }
    }

    /// Creates the outbox of the database that a function connects to: over TLS, or with a password that changes. The relay calls
    /// it whenever it has no connection. It should return within seconds. The name is for messages.
    pub fn connect_with(
        name: impl Into<String>,
        connect: impl FnMut() -> Result<Client, Error> + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            connect: Box::new(connect),
            refused: None,
            client: None,
            gaps: Gaps::default(),
        }
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        let open = self.client.take().filter(|client| !client.is_closed());
        let client = if let Some(client) = open {
            client
        } else {
            let mut client = (self.connect)()?;
            create_tables(&mut client)?;
            client.batch_execute(SESSION)?;
            client
        };
        Ok(self.client.insert(client))
    }

    /// Runs a statement that returns a row if the term is current. Returns `false` if it is old: then nothing has changed.
    fn under(
        &mut self,
        term: &Term,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<bool, Error> {
        let (counter, holder) = parts(term.epoch);
        let mut all: Vec<(&(dyn ToSql + Sync), Type)> = vec![
            (&LEASE, Type::TEXT),
            (&counter, Type::INT8),
            (&holder, Type::INT8),
        ];
        all.extend(parameters.iter().map(|(value, of)| (*value, of.clone())));
        Ok(!self.client()?.query_typed(statement, &all)?.is_empty())
    }
}

fn parts(epoch: Epoch) -> (i64, i64) {
    (epoch.counter().cast_signed(), epoch.holder().cast_signed())
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn reserved_after(last: u64) -> i64 {
    i64::try_from(last.saturating_add(Term::RESERVED)).unwrap_or(i64::MAX)
}

/// Returns the place of the database, without the credentials.
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

/// Leaves out the configuration, which may contain a password.
impl fmt::Debug for PostgresOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOutbox")
            .field("name", &self.name)
            .field("connected", &self.client.is_some())
            .finish_non_exhaustive()
    }
}

impl OutboxSource for PostgresOutbox {
    fn name(&self) -> String {
        self.name.clone()
    }

    /// A server that does not answer now may answer later.
    fn check(&mut self) -> Result<(), BoxError> {
        self.refused.map_or(Ok(()), |problem| Err(problem.into()))
    }

    fn lead(&mut self, lease: Duration) -> Result<Option<Term>, BoxError> {
        let client = self.client()?;
        // A standby looks without locking the row.
        let held = client.query_typed(IS_HELD, &[(&LEASE, Type::TEXT)])?;
        if !held.is_empty() {
            return Ok(None);
        }
        let holder = Epoch::after(0).holder();
        let incarnation = Uuid::from_u128(fastrand::u128(..));
        let rows = client.query_typed(
            LEAD,
            &[
                (&LEASE, Type::TEXT),
                (&holder.cast_signed(), Type::INT8),
                (&micros(lease), Type::INT8),
                (&incarnation.to_string(), Type::TEXT),
                (&Term::RESERVED.cast_signed(), Type::INT8),
            ],
        )?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let counter: i64 = row.try_get(0)?;
        let stored: String = row.try_get(1)?;
        let last: i64 = row.try_get(2)?;
        self.gaps = Gaps::default();
        Ok(Some(Term {
            epoch: Epoch::new(counter.cast_unsigned(), holder),
            // The first renewal replaces one that is damaged.
            incarnation: Uuid::try_parse(&stored).unwrap_or(incarnation),
            last: last.max(0).cast_unsigned(),
        }))
    }

    fn renew(&mut self, term: &Term, lease: Duration) -> Result<bool, BoxError> {
        let renewed = self.under(
            term,
            RENEW,
            &[
                (&micros(lease), Type::INT8),
                (&term.incarnation.to_string(), Type::TEXT),
                (&reserved_after(term.last), Type::INT8),
            ],
        );
        Ok(renewed?)
    }

    fn release(&mut self, term: &Term) -> Result<(), BoxError> {
        let last = reserved_after(term.last);
        self.under(term, RELEASE, &[(&last, Type::INT8)])?;
        self.client = None;
        Ok(())
    }

    fn read(&mut self, after: i64, limit: usize) -> Result<Vec<Pending>, BoxError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let gaps = self.gaps.numbers();
        let rows = self.client()?.query_typed(
            READ,
            &[
                (&after, Type::INT8),
                (&limit, Type::INT8),
                (&gaps, Type::INT8_ARRAY),
                (&READ_BYTES, Type::INT8),
            ],
        )?;
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let (oldest, next): (i64, i64) = (first.try_get(0)?, first.try_get(1)?);
        let mut pending = Vec::with_capacity(rows.len());
        for row in &rows {
            // A read that found nothing is one row without a number.
            if let Some(number) = row.try_get::<_, Option<i64>>(2)? {
                let columns = columns(row).map_err(|error| error.to_string());
                pending.push((number, columns));
            }
        }
        let numbers = pending.iter().map(|(number, _)| *number);
        self.gaps.note(numbers, oldest, next);
        Ok(pending)
    }

    fn remove(&mut self, term: &Term, numbers: &[i64]) -> Result<bool, BoxError> {
        Ok(self.under(term, REMOVE, &[(&numbers, Type::INT8_ARRAY)])?)
    }

    fn quarantine(&mut self, term: &Term, number: i64, problem: &str) -> Result<bool, BoxError> {
        // PostgreSQL stores no zero characters.
        let problem = problem.replace('\0', "\u{fffd}");
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&problem, Type::TEXT), (&number, Type::INT8)];
        Ok(self.under(term, QUARANTINE, &parameters)?)
    }

    fn requeue_quarantined(&mut self) -> Result<u64, BoxError> {
        let requeue = "UPDATE events_outbox SET problem = NULL WHERE problem IS NOT NULL";
        Ok(self.client()?.execute(requeue, &[])?)
    }

    fn status(&mut self) -> Result<OutboxStatus, BoxError> {
        Ok(status(self.client()?)?)
    }
}

fn columns(row: &postgres::Row) -> Result<OutboxRow, Error> {
    let event_id: String = row.try_get(3)?;
    Ok(OutboxRow {
        // The column is there to be searched for; the metadata contains the id, too.
        event_id: Uuid::try_parse(&event_id).unwrap_or_default(),
        event_type: row.try_get(4)?,
        metadata: row.try_get(5)?,
        trace: row.try_get(6)?,
        body: row.try_get(7)?,
    })
}
