//! `events bus status`: show topics, consumer groups, lag and outboxes.

use std::time::Duration;

use events_bus::transport::{GroupStatus, TopicStatus, names};
use events_core::{EventMetadata, Timestamp};
use serde::Serialize;

use super::args::StatusArgs;
use super::open::BusInUse;
use crate::commands::{Facts, Failure};
use crate::configuration::Applied;
use crate::text::{Page, Table, entries};

/// The state of a bus.
#[derive(Debug, Serialize)]
pub(super) struct BusFacts {
    /// The kind of transport: `sqlite`.
    transport: &'static str,
    topics: Vec<TopicFacts>,
    /// Events that wait to be published.
    outboxes: Vec<WaitingFacts>,
    /// Stored work of durable receivers.
    durable: Vec<WaitingFacts>,
    /// Problems that an operator must solve.
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct TopicFacts {
    topic: String,
    entries: u64,
    oldest: Option<String>,
    newest: Option<String>,
    dead_letters: u64,
    groups: Vec<GroupFacts>,
}

#[derive(Debug, Serialize)]
struct GroupFacts {
    group: String,
    /// Null if the server cannot tell.
    unread: Option<u64>,
    pending: u64,
    requeued: u64,
    /// Number of deliveries that wait for a retry.
    parked: u64,
    /// Number of entries that another program removed before the group read them.
    lost: u64,
    /// Number of entries that the group has not settled, or null if the server cannot tell.
    lag: Option<u64>,
    /// Publication time of the oldest entry that the group has not finished.
    oldest_unfinished: Option<String>,
    /// Age of that entry in seconds.
    age: Option<f64>,
    leader: Option<String>,
}

/// Entries that wait in an internal topic.
#[derive(Debug, Serialize)]
struct WaitingFacts {
    /// The topic that the events are for, or the service that the work is for.
    #[serde(rename = "for")]
    purpose: String,
    waiting: u64,
    oldest_unfinished: Option<String>,
    age: Option<f64>,
    /// The consumer that handles them.
    leader: Option<String>,
    dead_letters: u64,
}

pub(super) fn status(args: &StatusArgs, applied: &Applied) -> Result<BusFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open_read_only()?;
    let mut facts = BusFacts {
        transport: transport.name(),
        topics: Vec::new(),
        outboxes: Vec::new(),
        durable: Vec::new(),
        warnings: Vec::new(),
    };
    if let Some(topic) = &args.topic {
        facts.note(&bus.topic(&*transport, topic)?);
        return Ok(facts);
    }
    // A file outbox also stores the durable work.
    let outbox = bus.open_outbox()?;
    let stores = [Some(transport), outbox];
    for store in stores.into_iter().flatten() {
        for topic in store.topics()? {
            facts.note(&topic);
        }
        facts.warnings.extend(store.warnings()?);
    }
    if let Some(service) = applied.service() {
        facts.warn_of_stranded_work(service);
    }
    Ok(facts)
}

impl BusFacts {
    fn note(&mut self, topic: &TopicStatus) {
        if let Some(target) = names::of_outbox(&topic.topic) {
            self.outboxes.push(WaitingFacts::new(target, topic));
        } else if let Some(service) = names::of_durable(&topic.topic) {
            self.durable.push(WaitingFacts::new(service, topic));
        } else if !names::is_internal(&topic.topic) {
            self.topics.push(TopicFacts::new(topic));
        }
    }

    /// Warns of durable work under the name of a service that does not run.
    fn warn_of_stranded_work(&mut self, service: &str) {
        // The bus stores the work under the source of its events, as far as names of topics allow.
        let source = EventMetadata::new("").source().to_owned();
        let own = source.replace(|char: char| !char.is_alphanumeric(), "-");
        let stranded = self.durable.iter().filter(|work| {
            work.waiting > 0
                && work.leader.is_none()
                && work.purpose != service
                && work.purpose != own
        });
        self.warnings.extend(stranded.map(|work| {
            format!(
                "nobody handles {} of durable work stored under the service name `{}`: the configured service `{service}` stores its \
                 work under `{own}`; run the service under its earlier name once, or correct `service`",
                entries(work.waiting),
                work.purpose
            )
        }));
    }
}

impl TopicFacts {
    fn new(status: &TopicStatus) -> Self {
        Self {
            topic: status.topic.clone(),
            entries: status.entries,
            oldest: status.oldest.map(|id| id.to_string()),
            newest: status.newest.map(|id| id.to_string()),
            dead_letters: status.dead_letters,
            groups: status.groups.iter().map(GroupFacts::new).collect(),
        }
    }
}

impl GroupFacts {
    fn new(group: &GroupStatus) -> Self {
        Self {
            group: group.group.clone(),
            unread: group.unread,
            pending: group.pending,
            requeued: group.requeued,
            parked: group.parked,
            lost: group.lost,
            lag: group.lag(),
            oldest_unfinished: group.oldest_unfinished.map(|at| at.to_string()),
            age: group.oldest_unfinished.map(age),
            leader: group.leader.clone(),
        }
    }
}

impl WaitingFacts {
    fn new(purpose: &str, status: &TopicStatus) -> Self {
        // Without a group, every entry waits.
        let group = status.groups.first();
        let oldest = group.and_then(|group| group.oldest_unfinished);
        Self {
            purpose: purpose.to_owned(),
            waiting: group.map_or(status.entries, |group| {
                let lag = group.lag().unwrap_or(status.entries);
                lag.saturating_add(group.parked)
            }),
            oldest_unfinished: oldest.map(|at| at.to_string()),
            age: oldest.map(age),
            leader: group.and_then(|group| group.leader.clone()),
            dead_letters: status.dead_letters,
        }
    }
}

/// Returns how long ago a time is, in seconds.
fn age(at: Timestamp) -> f64 {
    let micros = Timestamp::now().as_micros().saturating_sub(at.as_micros());
    Duration::from_micros(micros.max(0).unsigned_abs()).as_secs_f64()
}

impl Facts for BusFacts {
    fn lay_out(&self, page: &mut Page) {
        if self.topics.is_empty() {
            page.line("no topics");
        } else {
            self.topics().print(page, 0);
            page.blank();
            if self.topics.iter().all(|topic| topic.groups.is_empty()) {
                page.line("no groups");
            } else {
                self.groups().print(page, 0);
            }
        }
        for (heading, waiting) in [
            ("OUTBOX FOR", &self.outboxes),
            ("DURABLE WORK OF", &self.durable),
        ] {
            if !waiting.is_empty() {
                page.blank();
                waiting_table(heading, waiting).print(page, 0);
            }
        }
        for warning in &self.warnings {
            page.blank();
            page.hanging(0, "warning: ", warning);
        }
    }
}

impl BusFacts {
    fn topics(&self) -> Table {
        let mut table = Table::default()
            .left("TOPIC")
            .right("ENTRIES")
            .right("OLDEST")
            .right("NEWEST")
            .right("DEAD LETTERS");
        for topic in &self.topics {
            table.row(
                [
                    topic.topic.clone(),
                    topic.entries.to_string(),
                    topic.oldest.clone().unwrap_or_default(),
                    topic.newest.clone().unwrap_or_default(),
                    topic.dead_letters.to_string(),
                ],
                Vec::new(),
            );
        }
        table
    }

    fn groups(&self) -> Table {
        let mut table = Table::default();
        for (heading, is_number, _) in GROUP_COLUMNS {
            table = if *is_number {
                table.right(heading)
            } else {
                table.left(heading)
            };
        }
        for topic in &self.topics {
            for group in &topic.groups {
                let cells = GROUP_COLUMNS.iter().map(|(_, _, cell)| cell(topic, group));
                table.row(cells, Vec::new());
            }
        }
        table
    }
}

/// A column of the table of groups: its heading, whether it holds numbers, and its cells.
type GroupColumn = (&'static str, bool, fn(&TopicFacts, &GroupFacts) -> String);

const GROUP_COLUMNS: &[GroupColumn] = &[
    ("GROUP", false, |_, group| group.group.clone()),
    ("TOPIC", false, |topic, _| topic.topic.clone()),
    ("UNREAD", true, |_, group| number(group.unread)),
    ("PENDING", true, |_, group| group.pending.to_string()),
    ("REQUEUED", true, |_, group| group.requeued.to_string()),
    ("PARKED", true, |_, group| group.parked.to_string()),
    ("LOST", true, |_, group| group.lost.to_string()),
    ("LAG", true, |_, group| number(group.lag)),
    ("OLDEST", true, |_, group| in_words(group.age)),
    ("LEADER", false, |_, group| or_dash(group.leader.as_deref())),
];

fn waiting_table(heading: &'static str, waiting: &[WaitingFacts]) -> Table {
    let mut table = Table::default()
        .left(heading)
        .right("WAITING")
        .right("OLDEST")
        .right("DEAD LETTERS")
        .left("LEADER");
    for one in waiting {
        table.row(
            [
                one.purpose.clone(),
                one.waiting.to_string(),
                in_words(one.age),
                one.dead_letters.to_string(),
                or_dash(one.leader.as_deref()),
            ],
            Vec::new(),
        );
    }
    table
}

fn or_dash(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), |number| number.to_string())
}

/// Returns a duration as `3.2 s`, `12 min`, `5 h` or `9 d`.
fn in_words(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(s) if s < 60.0 => format!("{s:.1} s"),
        Some(s) if s < 3600.0 => format!("{:.0} min", s / 60.0),
        Some(s) if s < 86_400.0 => format!("{:.0} h", s / 3600.0),
        Some(s) => format!("{:.0} d", s / 86_400.0),
    }
}
