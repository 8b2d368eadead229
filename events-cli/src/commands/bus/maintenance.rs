//! `events bus trim` and `events bus forget`: remove entries and groups.

use serde::Serialize;

use super::args::{ForgetArgs, TrimArgs};
use super::open::{self, BusInUse};
use super::status::lag;
use crate::commands::{Facts, Failure};
use crate::configuration::Applied;
use crate::text::{Page, entries};

/// Outcome of `bus trim`.
#[derive(Debug, Serialize)]
pub(super) struct TrimFacts {
    topic: String,
    removed: u64,
    /// Number of removed entries that a group had not handled.
    unread: u64,
}

pub(super) fn trim(args: &TrimArgs, applied: &Applied) -> Result<TrimFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let topic = bus.topic(&*transport, &args.topic)?.topic;
    let mut retention = bus.config.trim.retention();
    retention.entries = args.keep_entries.unwrap_or(retention.entries);
    retention.age = args.keep_for.unwrap_or(retention.age);
    retention.lose_unread_beyond = args.lose_unread_beyond.or(retention.lose_unread_beyond);
    let mut facts = TrimFacts {
        topic,
        removed: 0,
        unread: 0,
    };
    // A transport trims a part of a large topic at a time.
    loop {
        let trimmed = transport.trim(&facts.topic, retention)?;
        if trimmed.entries == 0 {
            return Ok(facts);
        }
        facts.removed += trimmed.entries;
        facts.unread += trimmed.unread;
    }
}

impl Facts for TrimFacts {
    fn lay_out(&self, page: &mut Page) {
        let removed = entries(self.removed);
        page.line(&format!("{removed} removed from {}", self.topic));
        if self.unread > 0 {
            page.line(&format!(
                "a group had not handled {} of them; `lose_unread_beyond` accepts that loss",
                self.unread
            ));
        }
    }
}

/// Outcome of `bus forget`.
#[derive(Debug, Serialize)]
pub(super) struct ForgetFacts {
    topic: String,
    group: String,
    /// Number of entries that the group had not handled, or null if the server cannot tell.
    lost: Option<u64>,
}

pub(super) fn forget(args: &ForgetArgs, applied: &Applied) -> Result<ForgetFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let topic = bus.topic(&*transport, &args.topic)?;
    let group = open::group(&topic, &args.group)?;
    let lost = lag(group);
    if !args.yes {
        return Err(Failure::Usage(format!(
            "group `{}` has not handled {} of `{}`, and never will once it is deleted; add `--yes` to confirm",
            group.group,
            lost.map_or_else(|| "an unknown number of entries".to_owned(), entries),
            topic.topic
        )));
    }
    if let Some(leader) = &group.leader {
        return Err(Failure::Usage(format!(
            "`{leader}` reads `{}` for the group `{}` now, and would create it again; stop that consumer first",
            topic.topic, group.group
        )));
    }
    transport.forget(&topic.topic, &args.group)?;
    Ok(ForgetFacts {
        group: args.group.clone(),
        topic: topic.topic,
        lost,
    })
}

impl Facts for ForgetFacts {
    fn lay_out(&self, page: &mut Page) {
        let lost = self
            .lost
            .map_or_else(|| "an unknown number of entries".to_owned(), entries);
        page.line(&format!(
            "group {} of {} deleted; it had not handled {lost}",
            self.group, self.topic
        ));
    }
}
