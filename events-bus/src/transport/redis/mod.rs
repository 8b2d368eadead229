//! Redis Streams (feature `redis`): topics that several services share, compatible with `edx-event-bus-redis`.
//!
//! A topic is a stream of its full name. Its entries are those of the Python package: services of both kinds publish to one stream
//! and consume it, each in groups of its own. What this transport needs besides is under keys that begin with `events:{topic}`; the
//! list of all topics, `events:topics`, holds those that this framework published to or joined.
//!
//! - It needs Redis 6.2 or later, or a server that speaks its protocol; it is tested with 7.0. With 6.2, [`GroupStatus::unread`]
//!   is not known. It does not speak to a cluster. Users need the commands of the categories `stream`, `hash`, `string`, `set`,
//!   `transaction` and `scripting`, for the topics and for `events:*`.
//! - A server keeps its data only if it is told to: `appendonly yes`, and `appendfsync always` where not a second may be lost.
//!   With `maxmemory`, the policy has to be `noeviction`: any other one may drop topics.
//! - Nothing is trimmed while it is published. A Python producer on the same stream trims it with `MAXLEN`, whoever has read it
//!   or not; entries that were pending are then reported in the log, and finished.
//! - Where a group is gone, because the server lost its data or somebody removed it, a consumer that reads makes it anew, and reads
//!   the topic from the beginning; the log says so.
//!
//! [`GroupStatus::unread`]: crate::transport::GroupStatus::unread

mod answer;
mod claim;
mod commands;
mod connection;
mod dead;
mod failure;
mod fields;
mod group;
mod handled;
mod keys;
mod many;
mod options;
mod progress;
mod publish;
mod receive;
mod settle;
mod status;
mod trim;

use std::fmt;
use std::time::Duration;

use self::commands::Lua;
use self::connection::{Conn, Pool};
use self::failure::{Failure, NAME};
use self::handled::Window;
#[cfg(feature = "redis-tls")]
pub use self::options::ClientCertificate;
pub use self::options::RedisOptions;
use self::publish::Publishers;
use self::receive::Receivers;
use self::settle::Scripts;
use super::{
    DeadLetter, Entry, EntryId, Member, Position, Queue, Retention, Sequence, Settlement, Standing,
    Start, TopicStatus, Transport, TransportError, Trimmed,
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
    window: Window,
    publishers: Publishers,
    receivers: Receivers,
    scripts: Scripts,
    trim: Lua,
}

impl RedisTransport {
    /// For the server that the URL names: `redis://user:password@host:port/database`, `rediss://…` with TLS (feature `redis-tls`),
    /// or `redis+unix:///path?db=0&user=…&pass=…`. It is connected when it is first needed, and anew after an error, so that a
    /// service starts without it.
    ///
    /// # Errors
    /// When the URL cannot be read, or asks for what this program is built without.
    pub fn open(url: &str, options: RedisOptions) -> Result<Self, TransportError> {
        Ok(Self {
            window: Window::new(options.duplicate_window),
            pool: Pool::open(url, options)?,
            publishers: Publishers::default(),
            receivers: Receivers::new(),
            scripts: Scripts::new(),
            trim: Lua::new(include_str!("scripts/trim.lua")),
        })
    }

    /// Asks something; `what` is what was tried, if it fails.
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

/// Without who logs in.
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

impl Transport for RedisTransport {
    fn name(&self) -> &'static str {
        NAME
    }

    fn publish(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, TransportError> {
        let result = self
            .publishers
            .publish(&self.pool, topic, records, sequence);
        self.explained(|| format!("publish to topic `{topic}`"), result)
    }

    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.ask(
            || format!("join group `{group}` of topic `{topic}`"),
            |conn| {
                group::join(conn, topic, group, start)?;
                self.scripts.tidy(conn, topic, group)
            },
        )
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Standing, TransportError> {
        self.ask(
            || in_group("lead", member),
            |conn| self.scripts.lead(conn, member, lease),
        )
    }

    fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        self.ask(
            || in_group("take over what is pending in", member),
            |conn| {
                self.receivers.end_broken(&self.pool, conn);
                self.receivers.forget(member);
                claim::take_over(conn, &self.window, member, behind, idle, most)
            },
        )
    }

    fn receive(
        &self,
        member: Member<'_>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        let result = self
            .receivers
            .receive(&self.pool, &self.window, member, most, wait);
        self.explained(|| in_group("read for", member), result)
    }

    fn extend(&self, member: Member<'_>, entries: &[EntryId]) -> Result<(), TransportError> {
        self.ask(
            || in_group("stay at work for", member),
            |conn| self.scripts.extend(conn, member, entries),
        )
    }

    fn settle(
        &self,
        member: Member<'_>,
        settlements: &[Settlement],
        leading: bool,
    ) -> Result<(), TransportError> {
        self.ask(
            || in_group("settle entries for", member),
            |conn| {
                self.scripts
                    .settle(conn, &self.window, member, settlements, leading)
            },
        )
    }

    fn leave(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.receivers.forget(member);
        self.ask(
            || in_group("leave", member),
            |conn| {
                self.receivers.end_broken(&self.pool, conn);
                self.scripts.leave(conn, member)
            },
        )
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        self.ask(
            || format!("give records to group `{group}` of topic `{topic}` once more"),
            |conn| group::requeue(conn, topic, group, records),
        )
    }

    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError> {
        self.ask(|| "list the topics".to_owned(), status::topics)
    }

    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        self.ask(
            || format!("ask for topic `{topic}`"),
            |conn| status::topic(conn, topic),
        )
    }

    fn read(&self, topic: &str, from: Position, most: usize) -> Result<Vec<Entry>, TransportError> {
        self.ask(
            || format!("read topic `{topic}`"),
            |conn| status::read(conn, topic, from, most),
        )
    }

    fn dead_letters(
        &self,
        topic: &str,
        behind: Option<EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        self.ask(
            || format!("read the dead letters of topic `{topic}`"),
            |conn| status::dead_letters(conn, topic, behind, most),
        )
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        let ids = ids.iter().copied().filter(|id| id.queue() == Queue::Topic);
        self.ask(
            || format!("remove dead letters of topic `{topic}`"),
            |conn| status::drop_dead_letters(conn, topic, ids),
        )
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        self.ask(
            || format!("trim topic `{topic}`"),
            |conn| trim::trim(conn, &self.trim, &self.window, topic, retention),
        )
    }

    fn forget(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        self.ask(
            || format!("forget group `{group}` of topic `{topic}`"),
            |conn| group::forget(conn, &self.window, topic, group),
        )
    }
}
