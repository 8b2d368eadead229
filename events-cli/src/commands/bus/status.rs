//! `events bus status`: how far everybody is, and what waits.

use std::time::Duration;

use events_bus::transport::{GroupStatus, TopicStatus, names};
use events_core::Timestamp;
use serde::Serialize;

use super::args::StatusArgs;
use super::open::BusInUse;
use crate::commands::{Facts, Failure};
use crate::configuration::Applied;
use crate::text::{Page, Table};

/// The state of a bus.
#[derive(Debug, Serialize)]
pub(super) struct BusFacts {
    /// What keeps the events: `sqlite`.
    transport: &'static str,
    topics: Vec<TopicFacts>,
    /// What waits to be published.
    outboxes: Vec<WaitingFacts>,
    /// The work of durable receivers.
    durable: Vec<WaitingFacts>,
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
    /// Null where the broker cannot tell.
    unread: Option<u64>,
    pending: u64,
    again: u64,
    lag: Option<u64>,
    /// When the oldest entry was published that it has not finished.
    oldest_unfinished: Option<String>,
    /// How long ago, in seconds.
    age: Option<f64>,
    leader: Option<String>,
}

/// What waits in a topic that is nobody else's.
#[derive(Debug, Serialize)]
struct WaitingFacts {
    /// The topic that it is for, or the service whose work it is.
    #[serde(rename = "for")]
    purpose: String,
    waiting: u64,
    oldest_unfinished: Option<String>,
    age: Option<f64>,
    /// Who takes care of it.
    leader: Option<String>,
    dead_letters: u64,
}

pub(super) fn status(args: &StatusArgs, applied: &Applied) -> Result<BusFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let mut facts = BusFacts {
        transport: transport.name(),
        topics: Vec::new(),
        outboxes: Vec::new(),
        durable: Vec::new(),
    };
    if let Some(topic) = &args.topic {
        facts.note(&bus.topic(&*transport, topic)?);
        return Ok(facts);
    }
    // Durable work is kept beside the outbox, where that is a file.
    let outbox = bus.open_outbox()?;
    let stores = [Some(transport), outbox];
    for store in stores.into_iter().flatten() {
        for topic in store.topics()? {
            facts.note(&topic);
        }
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
            again: group.requeued,
            lag: group.lag(),
            oldest_unfinished: group.oldest_unfinished.map(|at| at.to_string()),
            age: group.oldest_unfinished.map(age),
            leader: group.leader.clone(),
        }
    }
}

impl WaitingFacts {
    fn new(purpose: &str, status: &TopicStatus) -> Self {
        // What nobody has read so far waits as well.
        let group = status.groups.first();
        let oldest = group.and_then(|group| group.oldest_unfinished);
        Self {
            purpose: purpose.to_owned(),
            waiting: group.map_or(status.entries, |group| {
                let lag = group.lag().unwrap_or(status.entries);
                lag.saturating_add(group.requeued)
            }),
            oldest_unfinished: oldest.map(|at| at.to_string()),
            age: oldest.map(age),
            leader: group.and_then(|group| group.leader.clone()),
            dead_letters: status.dead_letters,
        }
    }
}

/// How long ago, in seconds.
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
                page.line("no groups: nobody has read anything");
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
        let mut table = Table::default()
            .left("GROUP")
            .left("TOPIC")
            .right("UNREAD")
            .right("PENDING")
            .right("AGAIN")
            .right("LAG")
            .right("OLDEST")
            .left("LEADER");
        for topic in &self.topics {
            for group in &topic.groups {
                table.row(
                    [
                        group.group.clone(),
                        topic.topic.clone(),
                        number(group.unread),
                        group.pending.to_string(),
                        group.again.to_string(),
                        number(group.lag),
                        in_words(group.age),
                        group.leader.clone().unwrap_or_else(|| "-".to_owned()),
                    ],
                    Vec::new(),
                );
            }
        }
        table
    }
}

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
                one.leader.clone().unwrap_or_else(|| "-".to_owned()),
            ],
            Vec::new(),
        );
    }
    table
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), |number| number.to_string())
}

/// `3.2 s`, `12 min`, `5 h`, `9 d`.
fn in_words(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(s) if s < 60.0 => format!("{s:.1} s"),
        Some(s) if s < 3600.0 => format!("{:.0} min", s / 60.0),
        Some(s) if s < 86_400.0 => format!("{:.0} h", s / 3600.0),
        Some(s) => format!("{:.0} d", s / 86_400.0),
    }
}
