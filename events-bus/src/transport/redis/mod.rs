//! Redis Streams (feature `redis`): topics that several services share, compatible with `edx-event-bus-redis`.
//!
//! A topic is a stream of its full name. Its entries are those of the Python package: services of both kinds publish to one stream
//! and consume it, each in groups of its own. Whatever else this transport needs is under keys that begin with `events:{topic}`. The
//! set `events:topics` lists the topics that this framework published to or joined.
//!
//! - It needs Redis 6.2 or later, or a server that speaks its protocol. It is tested with 7.0. With 6.2, [`GroupStatus::unread`] and
//!   [`GroupStatus::lost`] are not known. It does not support clusters. Users need the commands of the categories `stream`, `hash`,
//!   `string`, `set`, `transaction` and `scripting`, for the topics and for `events:*`.
//! - A server keeps its data only if it is configured to: `appendonly yes`, and `appendfsync always` where not a second may be lost.
//!   With `maxmemory`, the policy has to be `noeviction`: any other one may drop topics. [`Maintenance::warnings`] reports both.
//! - Nothing is trimmed while it is published. A Python producer on the same stream trims it with `MAXLEN`, read or not. Entries that
//!   were pending are then finished, and entries that were unread are counted as [`GroupStatus::lost`]; the log reports both.
//! - If a group is gone, because the server lost its data or another program removed it, a consumer that reads creates it anew, and reads the
//!   topic from the beginning. The log reports it.
//! - Errors that say that another server takes the data now, such as `READONLY`, drop all connections. The next call connects anew, so
//!   that a failover by name or by a proxy is followed.
//!
//! [`GroupStatus::unread`]: crate::transport::GroupStatus::unread
//! [`GroupStatus::lost`]: crate::transport::GroupStatus::lost

mod answer;
mod claim;
mod commands;
mod connection;
mod dead;
mod failure;
mod fence;
mod fields;
mod group;
mod handled;
mod keys;
mod lead;
mod options;
mod pool;
mod position;
mod publication;
mod publish;
mod read;
mod receive;
mod replicas;
mod retries;
mod server;
mod settle;
mod settle_batch;
mod share;
mod sizes;
mod status;
mod surplus;
mod trim;
mod warnings;

use std::fmt;
use std::time::Duration;

use self::claim::Claims;
use self::connection::Conn;
use self::failure::{Failure, NAME};
use self::fence::Fences;
use self::group::Joins;
use self::handled::Window;
use self::lead::Leads;
#[cfg(feature = "redis-tls")]
pub use self::options::ClientCertificate;
pub use self::options::{Credentials, Login, RedisOptions};
use self::pool::Pool;
use self::publish::Publishers;
use self::receive::{Call, Receivers};
use self::retries::Retries;
use self::settle::Settles;
use self::trim::Trims;
use super::{
    Batch, Claim, Claimed, DeadLetter, DeadLetterLimits, Entry, EntryId, Groups, Leadership, Limit,
    Log, Maintenance, Member, Position, Queue, Receipt, Retention, RetryId, RetryState, Settlement,
    Start, TopicStatus, TransportError, Trimmed,
};
use crate::record::Record;

/// Topics as Redis Streams.
///
/// ```no_run
/// use events_bus::transport::redis::{RedisOptions, RedisTransport};
///
/// let transport = RedisTransport::open("redis://127.0.0.1:6379/0", RedisOptions::default())?;
/// # Ok::<(), events_bus::transport::TransportError>(())
/// ```
pub struct RedisTransport {
    pool: Pool,
    fences: Fences,
    window: Window,
    publishers: Publishers,
    receivers: Receivers,
    joins: Joins,
    leads: Leads,
    claims: Claims,
    settles: Settles,
    retries: Retries,
    trims: Trims,
}

impl RedisTransport {
    /// Creates a transport for the server that the URL names: `redis://user:password@host:port/database`, `rediss://…` with TLS
    /// (feature `redis-tls`), or `redis+unix:///path?db=0&user=…&pass=…`. It connects when it is first needed, and anew after an
    /// error, so that a service starts without the server.
    ///
    /// # Errors
    /// Returns an error if the URL cannot be read, has an unknown parameter or needs a feature that this program is built without,
    /// or if a file of `options` cannot be read.
    pub fn open(url: &str, options: RedisOptions) -> Result<Self, TransportError> {
        Ok(Self {
            window: Window::new(options.duplicate_window),
            pool: Pool::open(url, options)?,
            fences: Fences::default(),
            publishers: Publishers::default(),
            receivers: Receivers::new(),
            joins: Joins::new(),
            leads: Leads::new(),
            claims: Claims::new(),
            settles: Settles::new(),
            retries: Retries::new(),
            trims: Trims::new(),
        })
    }

    /// Asks the server. `what` is the operation for the error.
    fn ask<T>(
        &self,
        what: impl FnOnce() -> String,
        ask: impl FnOnce(&mut Conn) -> Result<T, Failure>,
    ) -> Result<T, TransportError> {
        self.explained(what, self.pool.with(ask))
    }

    fn explained<T>(
        &self,
        what: impl FnOnce() -> String,
        result: Result<T, Failure>,
    ) -> Result<T, TransportError> {
        result.map_err(|failure| failure.explain(&what(), &self.pool.server()))
    }
}

/// Without the user.
impl fmt::Debug for RedisTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTransport")
            .field("server", &self.pool.server())
            .finish_non_exhaustive()
    }
}

fn in_group(what: &str, member: Member<'_>) -> String {
    format!(
        "{what} group `{}` of topic `{}`",
        member.group, member.topic
    )
}

impl Log for RedisTransport {
    fn name(&self) -> &'static str {
        NAME
    }

    fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        let result = self.publishers.publish(&self.pool, topic, records);
        self.explained(|| format!("publish to topic `{topic}`"), result)
    }

    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        let result = self
            .publishers
            .publish_batch(&self.pool, topic, records, batch);
        self.explained(|| format!("publish to topic `{topic}`"), result)
    }

    fn read(
        &self,
        topic: &str,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        self.ask(
            || format!("read topic `{topic}`"),
            |conn| status::read(conn, topic, from, limit),
        )
    }
}

impl Groups for RedisTransport {
    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.ask(
            || format!("join group `{group}` of topic `{topic}`"),
            |conn| {
                self.joins.join(conn, topic, group, start)?;
                self.leads.tidy(conn, topic, group)
            },
        )
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Leadership, TransportError> {
        self.ask(
            || in_group("lead", member),
            |conn| self.leads.lead(conn, member, lease),
        )
    }

    fn renew(
        &self,
        member: Member<'_>,
        lease: Duration,
        entries: &[EntryId],
    ) -> Result<(), TransportError> {
        self.ask(
            || in_group("renew the lease of", member),
            |conn| self.leads.renew(conn, member, lease, entries),
        )
    }

    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        let call = Call {
            pool: &self.pool,
            joins: &self.joins,
            window: &self.window,
            member,
            limit,
        };
        let result = self.receivers.receive(call, &self.fences, wait);
        self.explained(|| in_group("read for", member), result)
    }

    fn claim(&self, member: Member<'_>, claim: Claim) -> Result<Claimed, TransportError> {
        let result = self
            .receivers
            .claiming(&self.pool, member, claim, |conn, claim| {
                self.claims
                    .claim(conn, &self.joins, &self.window, member, claim)
            });
        self.explained(|| in_group("claim pending entries of", member), result)
    }

    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError> {
        let result =
            self.settles
                .settle(&self.pool, &self.fences, &self.window, member, settlements);
        self.explained(|| in_group("settle entries of", member), result)
    }

    fn release(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.receivers.forget(member);
        self.fences.close(member.topic, member.group);
        self.ask(
            || in_group("release", member),
            |conn| {
                self.receivers.end_broken(&self.pool, conn);
                self.leads.release(conn, member)
            },
        )
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        self.ask(
            || format!("requeue records for group `{group}` of topic `{topic}`"),
            |conn| group::requeue(conn, topic, group, records),
        )
    }

    fn retries(&self, member: Member<'_>) -> Result<Vec<(EntryId, RetryState)>, TransportError> {
        self.ask(
            || in_group("list the retry queue of", member),
            |conn| retries::list(conn, member),
        )
    }

    fn claim_retries(
        &self,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Result<Vec<Entry>, TransportError> {
        self.ask(
            || in_group("claim deliveries of the retry queue of", member),
            |conn| {
                self.retries
                    .claim(conn, &self.window, member, retries, idle, trial)
            },
        )
    }
}

impl Maintenance for RedisTransport {
    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError> {
        self.ask(|| "list the topics".to_owned(), status::topics)
    }

    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        self.ask(
            || format!("read the status of topic `{topic}`"),
            |conn| status::topic(conn, topic),
        )
    }

    fn dead_letters(
        &self,
        topic: &str,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        self.ask(
            || format!("read the dead letters of topic `{topic}`"),
            |conn| status::dead_letters(conn, topic, after, limit),
        )
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        let ids = ids.iter().copied().filter(|id| id.queue() == Queue::Topic);
        self.ask(
            || format!("remove dead letters of topic `{topic}`"),
            |conn| status::drop_dead_letters(conn, topic, ids),
        )
    }

    fn trim_dead_letters(
        &self,
        topic: &str,
        limits: DeadLetterLimits,
    ) -> Result<u64, TransportError> {
        self.ask(
            || format!("trim the dead letters of topic `{topic}`"),
            |conn| trim::dead_letters(conn, &self.window, topic, limits),
        )
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        self.ask(
            || format!("trim topic `{topic}`"),
            |conn| self.trims.trim(conn, &self.window, topic, retention),
        )
    }

    fn delete_group(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        self.fences.close(topic, group);
        self.ask(
            || format!("delete group `{group}` of topic `{topic}`"),
            |conn| group::delete(conn, &self.window, topic, group),
        )
    }

    fn warnings(&self) -> Result<Vec<String>, TransportError> {
        self.ask(
            || "read the settings of the server".to_owned(),
            |conn| warnings::warnings(conn, &self.pool.server()),
        )
    }
}
