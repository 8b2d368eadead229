//! The bus of a command line.

use events_bus::StartProblem;
use events_bus::config::{BusConfig, OutboxStore, SqliteConfig};
use events_bus::transport::driver::{self, OpenOptions, Settings};
use events_bus::transport::{SharedTransport, TopicStatus, Transport, TransportError};
use serde_json::json;

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
        let mut layers = BusLayers::default();
        // An empty environment variable counts as unset.
        if let Some(url) = self.bus.as_deref().filter(|url| !url.is_empty()) {
            let settings = driver::settings_of(url)
                .map_err(|problem| Failure::Usage(format!("`--bus` {problem}")))?;
            // Events that receivers send wait in memory, and are published before the command ends.
            layers.below = settings
                .is_remote()
                .then(|| json!({ "outbox": { "store": "memory" } }));
            layers.url = Some(url.to_owned());
        }
        if let Some(prefix) = &self.topic_prefix {
            let config = BusConfig::none().with_topic_prefix(prefix);
            config.check().map_err(|errors| {
                let texts = errors.iter().map(|error| {
                    let text = error.to_string();
                    text.replace("`bus.topic_prefix`", "`--topic-prefix`")
                });
                Failure::Usage(texts.collect::<Vec<_>>().join("\n"))
            })?;
            layers.above = Some(json!({ "topic_prefix": prefix }));
        }
        Ok(layers)
    }
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
        let why = match config.transport.settings() {
            None => "the configuration says that there is no bus",
            Some(settings) if !settings.is_shared() => {
                "the bus of the configuration is in the memory of each process, where no other process sees it"
            }
            Some(_) => return Ok(Self { config }),
        };
        Err(Failure::Usage(format!("{why}; {NONE}")))
    }

    /// Opens the bus for an operator. Does not create a missing store.
    pub(super) fn open(&self) -> Result<SharedTransport, Failure> {
        self.check_exists()?;
        self.open_or_make()
    }

    /// Opens the bus for a command that only reads. Does not create a missing store, and does not wait for processes that write.
    pub(super) fn open_read_only(&self) -> Result<SharedTransport, Failure> {
        self.check_exists()?;
        open_read_only(self.settings()?)
    }

    /// Opens the bus for a producer or a consumer. Creates a missing store.
    pub(super) fn open_or_make(&self) -> Result<SharedTransport, Failure> {
        let transport = events_bus::open(&self.config)?;
        // `new` accepts no configuration without a bus.
        transport.ok_or_else(|| Failure::Usage(NONE.to_owned()))
    }

    /// Opens the outbox file for reading, or returns `None` if the bus is that file or there is none.
    pub(super) fn open_outbox(&self) -> Result<Option<SharedTransport>, Failure> {
        let OutboxStore::Sqlite(outbox) = &self.config.outbox.store else {
            return Ok(None);
        };
        let bus = self.config.transport.get::<SqliteConfig>();
        let is_bus = bus.is_some_and(|bus| bus.is_same_file(outbox));
        if is_bus || outbox.check_exists().is_err() {
            return Ok(None);
        }
        open_read_only(outbox).map(Some)
    }

    fn settings(&self) -> Result<&dyn Settings, Failure> {
        let settings = self.config.transport.settings();
        settings.ok_or_else(|| Failure::Usage(NONE.to_owned()))
    }

    fn check_exists(&self) -> Result<(), Failure> {
        self.settings()?.check_exists().map_err(|problem| {
            Failure::Bus(format!(
                "{}: {problem}; correct the path, or publish something to it first (`events produce`)",
                self.config.transport.name()
            ))
        })
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

fn open_read_only(settings: &dyn Settings) -> Result<SharedTransport, Failure> {
    let mut options = OpenOptions::default();
    options.read_only = true;
    Ok(settings.open(&options)?)
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
