//! The bus of a command line.

use events_bus::StartProblem;
use events_bus::config::{BusConfig, OutboxStore, SqliteConfig, TransportConfig};
use events_bus::transport::{SharedTransport, TopicStatus, Transport, TransportError};
use serde_json::{Value, json};

use super::args::BusArgs;
use crate::commands::Failure;
use crate::configuration::{Applied, BusLayers};
use crate::names;

/// The error for a command line without a bus.
const NONE: &str = "no bus is named; name one that others share by `--bus sqlite:events.db`, by `--bus redis://localhost:6379/0` \
                    or by the environment variable `EVENTS_BUS`; or name a configuration by `--config FILE`, with a table such as

    [bus]
    transport = \"sqlite\"
    sqlite = { path = \"events.db\" }";

impl BusArgs {
    /// Returns the configuration layers of the command line, below and above the configuration files.
    ///
    /// # Errors
    /// Returns an error if `--bus` or `--topic-prefix` is not valid.
    pub(crate) fn layers(&self) -> Result<BusLayers, Failure> {
        // An empty environment variable counts as unset.
        let named = self.bus.as_deref().filter(|bus| !bus.is_empty());
        let config = named.map(of_name).transpose()?.unwrap_or_default();
        let config = match &self.topic_prefix {
            Some(prefix) => config.with_topic_prefix(prefix),
            None => config,
        };
        config.check().map_err(|errors| {
            let texts = errors.iter().map(|error| {
                error
                    .to_string()
                    .replace("`bus.redis.url`", "`--bus`")
                    .replace("`bus.sqlite.path`", "the path of `--bus`")
                    .replace("`bus.topic_prefix`", "`--topic-prefix`")
            });
            Failure::Usage(texts.collect::<Vec<_>>().join("\n"))
        })?;
        let mut layers = BusLayers::default();
        let mut above = match &config.transport {
            TransportConfig::Sqlite(sqlite) => {
                json!({ "transport": "sqlite", "sqlite": { "path": sqlite.path } })
            }
            TransportConfig::Redis(redis) => {
                // Events that receivers send wait in memory, and are published before the command ends.
                layers.below = Some(json!({ "outbox": { "store": "memory" } }));
                json!({ "transport": "redis", "redis": { "url": redis.url.expose() } })
            }
            _ => json!({}),
        };
        if let Some(prefix) = &self.topic_prefix {
            above["topic_prefix"] = Value::from(prefix.as_str());
        }
        layers.is_bus = config.transport != TransportConfig::None;
        layers.above = (above != json!({})).then_some(above);
        Ok(layers)
    }
}

fn of_name(name: &str) -> Result<BusConfig, Failure> {
    if let Some(path) = name.strip_prefix("sqlite:") {
        return Ok(BusConfig::sqlite(path.strip_prefix("//").unwrap_or(path)));
    }
    let redis = ["redis://", "rediss://", "redis+unix://", "unix://"];
    if redis.iter().any(|scheme| name.starts_with(scheme)) {
        return Ok(BusConfig::redis(name));
    }
    // The rest is not repeated: it may contain a password.
    let scheme = name.split_once(':').map_or("", |(scheme, _)| scheme);
    let given = if scheme.is_empty() {
        "has no scheme".to_owned()
    } else {
        format!("begins with `{}:`", scheme.escape_debug())
    };
    Err(Failure::Usage(format!(
        "`--bus` {given}, expected `sqlite:PATH`, `redis://HOST:PORT/DATABASE`, `rediss://HOST:PORT/DATABASE` or \
         `redis+unix://SOCKET`; write one of them"
    )))
}

/// The bus of a command line: the merged configuration of files and options.
pub(super) struct BusInUse {
    pub(super) config: BusConfig,
}

impl BusInUse {
    pub(super) fn new(applied: &Applied) -> Result<Self, Failure> {
        let config = applied
            .bus()
            .ok_or_else(|| Failure::Usage(NONE.to_owned()))??;
        let why = match config.transport {
            TransportConfig::None => "the configuration says that there is no bus",
            TransportConfig::Memory => {
                "the bus of the configuration is in the memory of each process, where no other process sees it"
            }
            _ => return Ok(Self { config }),
        };
        Err(Failure::Usage(format!("{why}; {NONE}")))
    }

    /// Opens the bus for an operator. Does not create a missing store.
    pub(super) fn open(&self) -> Result<SharedTransport, Failure> {
        if let TransportConfig::Sqlite(sqlite) = &self.config.transport
            && !sqlite.path.exists()
        {
            return Err(Failure::Bus(format!(
                "sqlite: there is no store `{}`; correct the path, or publish something to it first (`events produce`)",
                sqlite.path.display()
            )));
        }
        self.open_or_make()
    }

    /// Opens the bus for a producer or a consumer. Creates a missing store.
    pub(super) fn open_or_make(&self) -> Result<SharedTransport, Failure> {
        let transport = events_bus::open(&self.config)?;
        // `new` accepts no configuration without a bus.
        transport.ok_or_else(|| Failure::Usage(NONE.to_owned()))
    }

    /// Opens the outbox file, or returns `None` if the bus is that file or there is none.
    pub(super) fn open_outbox(&self) -> Result<Option<SharedTransport>, Failure> {
        let OutboxStore::Sqlite(outbox) = &self.config.outbox.store else {
            return Ok(None);
        };
        if !outbox.path.exists() || self.is_bus(outbox) {
            return Ok(None);
        }
        let mut config = BusConfig::sqlite(&outbox.path);
        config.consumer.duplicate_window = std::time::Duration::ZERO;
        Ok(events_bus::open(&config)?)
    }

    fn is_bus(&self, outbox: &SqliteConfig) -> bool {
        let TransportConfig::Sqlite(bus) = &self.config.transport else {
            return false;
        };
        let same = |a: std::io::Result<_>, b: std::io::Result<_>| matches!((a, b), (Ok(a), Ok(b)) if a == b);
        outbox.path == bus.path || same(outbox.path.canonicalize(), bus.path.canonicalize())
    }

    /// Returns the status of a topic, named without the prefix.
    ///
    /// # Errors
    /// Returns an error with a similar name if the topic does not exist.
    pub(super) fn topic(
        &self,
        transport: &dyn Transport,
        topic: &str,
    ) -> Result<TopicStatus, Failure> {
        let full = self.config.full_topic(topic);
        if let Some(status) = transport.status(&full)? {
            return Ok(status);
        }
        let topics = transport.topics()?;
        let known = topics.iter().map(|status| status.topic.as_str());
        let is_there = known.clone().any(|known| known == topic);
        let hint = match names::nearest(&full, known) {
            // The name contains the prefix already, or the topic has another prefix.
            _ if is_there => format!(
                "; there is a topic `{topic}`, and `{full}` is what the prefix makes of it: give the name without the prefix, or \
                 another `--topic-prefix`"
            ),
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        Err(Failure::Usage(format!(
            "the bus has no topic `{full}`{hint}; `events bus status` lists its topics"
        )))
    }
}

/// Returns a group of a topic.
///
/// # Errors
/// Returns an error with the existing groups if the group does not exist.
pub(super) fn group<'a>(
    topic: &'a TopicStatus,
    group: &str,
) -> Result<&'a events_bus::transport::GroupStatus, Failure> {
    let found = topic.groups.iter().find(|status| status.group == group);
    found.ok_or_else(|| {
        let groups: Vec<_> = topic.groups.iter().map(|group| &*group.group).collect();
        let known = match groups.as_slice() {
            [] => "nobody has read it in a group so far".to_owned(),
            groups => format!("its groups are `{}`", groups.join("`, `")),
        };
        Failure::Usage(format!(
            "topic `{}` has no group `{group}`; {known}",
            topic.topic
        ))
    })
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Bus(error.to_string())
    }
}

impl From<StartProblem> for Failure {
    fn from(problem: StartProblem) -> Self {
        match problem {
            StartProblem::Build(_) | StartProblem::Config(_) => Self::Usage(problem.to_string()),
            _ => Self::Bus(problem.to_string()),
        }
    }
}
