//! `events bus status`, `trim` and `forget`.

use std::time::Duration;

use events_bus::transport::{TopicStatus, names};
use events_core::Timestamp;
use serde::Serialize;

use super::args::{ForgetArgs, StatusArgs, TopicArgs};
use super::open;
use crate::commands::{Facts, Failure};
use crate::configuration::Applied;
use crate::text::{Page, Table, count};

/// The state of a bus.
#[derive(Debug, Serialize)]
pub(super) struct BusFacts {
    topics: Vec<TopicFacts>,
    /// What waits to be published, by the topic that it is for.
    outboxes: Vec<TopicFacts>,
    /// The work of durable receivers, by service.
    durable: Vec<TopicFacts>,
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
    /// `null` where the broker cannot tell.
    lag: Option<u64>,
    unread: Option<u64>,
    pending: u64,
    again: u64,
    oldest_unfinished: Option<String>,
    /// In seconds.
    age: Option<f64>,
    leader: Option<String>,
}

pub(super) fn status(args: &StatusArgs, applied: &Applied) -> Result<BusFacts, Failure> {
    let config = open::configuration(&args.bus, applied)?;
    let transport = open::transport(&config)?;
    let topics = match &args.topic {
        None => transport.topics()?,
        Some(topic) => {
            let full = config.full_topic(topic);
            vec![transport.status(&full)?.ok_or_else(|| no_topic(&full))?]
        }
    };
    let mut facts = BusFacts {
        topics: Vec::new(),
        outboxes: Vec::new(),
        durable: Vec::new(),
    };
    for topic in topics {
        let mut fact = TopicFacts::new(&topic);
        if let Some(target) = names::of_outbox(&topic.topic) {
            target.clone_into(&mut fact.topic);
            facts.outboxes.push(fact);
        } else if let Some(service) = names::of_durable(&topic.topic) {
            service.clone_into(&mut fact.topic);
            facts.durable.push(fact);
        } else if !names::is_internal(&topic.topic) {
            facts.topics.push(fact);
        }
    }
    Ok(facts)
}

pub(super) fn no_topic(topic: &str) -> Failure {
    Failure::Usage(format!(
        "the bus has no topic `{topic}`; `events bus status` lists those that it has"
    ))
}

impl TopicFacts {
    fn new(status: &TopicStatus) -> Self {
        let now = Timestamp::now().as_micros();
        let groups = status.groups.iter().map(|group| GroupFacts {
            group: group.group.clone(),
            lag: group.lag(),
            unread: group.unread,
            pending: group.pending,
            again: group.again,
            oldest_unfinished: group.oldest_unfinished.map(|at| at.to_string()),
            age: group.oldest_unfinished.map(|at| {
                let micros = now.saturating_sub(at.as_micros()).max(0);
                Duration::from_micros(micros.unsigned_abs()).as_secs_f64()
            }),
            leader: group.leader.clone(),
        });
        Self {
            topic: status.topic.clone(),
            entries: status.entries,
            oldest: status.oldest.map(|id| id.to_string()),
            newest: status.newest.map(|id| id.to_string()),
            dead_letters: status.dead_letters,
            groups: groups.collect(),
        }
    }
}

impl Facts for BusFacts {
    fn lay_out(&self, page: &mut Page) {
        if self.topics.is_empty() {
            page.line("The bus has no topics.");
        }
        for topic in &self.topics {
            page.blank();
            page.line(&topic.topic);
            let span = match (&topic.oldest, &topic.newest) {
                (Some(oldest), Some(newest)) => format!(", {oldest} to {newest}"),
                _ => String::new(),
            };
            page.line(&format!("  {} entries{span}", topic.entries));
            if topic.dead_letters > 0 {
                page.line(&format!("  {} dead letters", topic.dead_letters));
            }
            print_groups(page, &topic.groups);
        }
        for (title, topics) in [
            ("Waiting to be published", &self.outboxes),
            ("Work of durable receivers", &self.durable),
        ] {
            let waiting = topics.iter().filter(|topic| !topic.groups.is_empty());
            let waiting: Vec<_> = waiting.collect();
            if waiting.is_empty() {
                continue;
            }
            page.blank();
            page.line(title);
            let mut table = Table::default()
                .left("for")
                .right("waiting")
                .right("oldest")
                .right("dead letters");
            for topic in waiting {
                for group in &topic.groups {
                    table.row(
                        [
                            topic.topic.clone(),
                            number(group.lag),
                            age(group.age),
                            topic.dead_letters.to_string(),
                        ],
                        Vec::new(),
                    );
                }
            }
            table.print(page, 2);
        }
    }
}

fn print_groups(page: &mut Page, groups: &[GroupFacts]) {
    if groups.is_empty() {
        page.line("  no groups: nobody reads it");
        return;
    }
    let mut table = Table::default()
        .left("group")
        .right("lag")
        .right("unread")
        .right("pending")
        .right("again")
        .right("oldest")
        .left("leader");
    for group in groups {
        table.row(
            [
                group.group.clone(),
                number(group.lag),
                number(group.unread),
                group.pending.to_string(),
                group.again.to_string(),
                age(group.age),
                group.leader.clone().unwrap_or_default(),
            ],
            Vec::new(),
        );
    }
    table.print(page, 2);
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), |number| number.to_string())
}

/// `3s`, `12m`, `5h`, `9d`.
fn age(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else {
        return String::new();
    };
    match seconds {
        s if s < 60.0 => format!("{s:.1}s"),
        s if s < 3600.0 => format!("{:.0}m", s / 60.0),
        s if s < 86400.0 => format!("{:.0}h", s / 3600.0),
        s => format!("{:.0}d", s / 86400.0),
    }
}

/// What was removed.
#[derive(Debug, Serialize)]
pub(super) struct TrimFacts {
    topic: String,
    removed: u64,
    /// Of those, what a group had not handled.
    unread: u64,
}

pub(super) fn trim(args: &TopicArgs, applied: &Applied) -> Result<TrimFacts, Failure> {
    let config = open::configuration(&args.bus, applied)?;
    let transport = open::transport(&config)?;
    let topic = config.full_topic(&args.topic);
    transport.status(&topic)?.ok_or_else(|| no_topic(&topic))?;
    let mut facts = TrimFacts {
        topic,
        removed: 0,
        unread: 0,
    };
    // A transport may take its time in several steps.
    loop {
        let trimmed = transport.trim(&facts.topic, config.trim.retention())?;
        if trimmed.entries == 0 {
            return Ok(facts);
        }
        facts.removed += trimmed.entries;
        facts.unread += trimmed.unread;
    }
}

impl Facts for TrimFacts {
    fn lay_out(&self, page: &mut Page) {
        let removed = usize::try_from(self.removed).unwrap_or(usize::MAX);
        page.line(&format!(
            "{} of {} removed.",
            count(removed, "entry").replace("entrys", "entries"),
            self.topic
        ));
        if self.unread > 0 {
            page.line(&format!(
                "{} of them had not been handled by every group, as `lose_unread_beyond` allows.",
                self.unread
            ));
        }
    }
}

/// A group that was forgotten.
#[derive(Debug, Serialize)]
pub(super) struct ForgetFacts {
    topic: String,
    group: String,
    /// What it had not handled.
    lag: Option<u64>,
}

pub(super) fn forget(args: &ForgetArgs, applied: &Applied) -> Result<ForgetFacts, Failure> {
    let config = open::configuration(&args.bus, applied)?;
    let transport = open::transport(&config)?;
    let topic = config.full_topic(&args.topic);
    let status = transport.status(&topic)?.ok_or_else(|| no_topic(&topic))?;
    let Some(group) = status.groups.iter().find(|group| group.group == args.group) else {
        let known: Vec<_> = status.groups.iter().map(|group| &*group.group).collect();
        return Err(Failure::Usage(format!(
            "topic `{topic}` has no group `{}`; its groups are: {}",
            args.group,
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        )));
    };
    if !args.yes {
        return Err(Failure::Usage(format!(
            "group `{}` has not handled {} entries of `{topic}`, and never will: give `--yes` if that is meant",
            args.group,
            number(group.lag())
        )));
    }
    let lag = group.lag();
    transport.forget(&topic, &args.group)?;
    Ok(ForgetFacts {
        topic,
        group: args.group.clone(),
        lag,
    })
}

impl Facts for ForgetFacts {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!(
            "Group {} of {} is forgotten; it had not handled {} entries.",
            self.group,
            self.topic,
            number(self.lag)
        ));
    }
}
