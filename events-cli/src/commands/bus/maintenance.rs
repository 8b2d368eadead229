//! `events bus trim`, `delete-group`, `backup` and `vacuum`: remove entries and groups, look after files.

use std::path::PathBuf;

use serde::Serialize;

use super::args::{BackupArgs, DeleteGroupArgs, TrimArgs, VacuumArgs};
use super::open::{self, BusInUse};
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
        facts.removed += trimmed.entries;
        facts.unread += trimmed.unread;
        if !trimmed.more {
            return Ok(facts);
        }
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

/// Outcome of `bus delete-group`.
#[derive(Debug, Serialize)]
pub(super) struct DeletedFacts {
    topic: String,
    group: String,
    /// Number of entries that the group had not handled, or null if the server cannot tell.
    lost: Option<u64>,
    /// Number of deliveries that waited for a retry.
    parked: u64,
}

impl DeletedFacts {
    /// Returns what is lost with the group, for a sentence.
    fn unhandled(&self) -> String {
        let lost = self
            .lost
            .map_or_else(|| "an unknown number of entries".to_owned(), entries);
        match self.parked {
            0 => lost,
            1 => format!("{lost} and 1 delivery that waits for a retry"),
            parked => format!("{lost} and {parked} deliveries that wait for a retry"),
        }
    }
}

pub(super) fn delete_group(
    args: &DeleteGroupArgs,
    applied: &Applied,
) -> Result<DeletedFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let topic = bus.topic(&*transport, &args.topic)?;
    let group = open::group(&topic, &args.group)?;
    let facts = DeletedFacts {
        topic: topic.topic.clone(),
        group: args.group.clone(),
        lost: group.lag(),
        parked: group.parked,
    };
    if !args.yes {
        return Err(Failure::Usage(format!(
            "group `{}` of `{}` has not handled {}, and never will once it is deleted; add `--yes` to confirm",
            facts.group,
            facts.topic,
            facts.unhandled()
        )));
    }
    if let Some(leader) = &group.leader {
        return Err(Failure::Usage(format!(
            "`{leader}` reads `{}` for the group `{}` now, and would create it again; stop that consumer first",
            topic.topic, group.group
        )));
    }
    transport.delete_group(&topic.topic, &args.group)?;
    Ok(facts)
}

impl Facts for DeletedFacts {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!(
            "group {} of {} deleted; it had not handled {}",
            self.group,
            self.topic,
            self.unhandled()
        ));
    }
}

/// Outcome of `bus backup`.
#[derive(Debug, Serialize)]
pub(super) struct BackupFacts {
    /// The new file.
    file: PathBuf,
    bytes: u64,
}

pub(super) fn backup(args: &BackupArgs, applied: &Applied) -> Result<BackupFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let store = if args.outbox {
        bus.open_outbox()?.ok_or_else(|| {
            Failure::Usage(
                "the bus has no outbox file; name a configuration with `outbox.store = \"sqlite\"`, or leave out `--outbox`"
                    .to_owned(),
            )
        })?
    } else {
        bus.open()?
    };
    store.backup(&args.file)?;
    let bytes = std::fs::metadata(&args.file).map_or(0, |file| file.len());
    Ok(BackupFacts {
        file: args.file.clone(),
        bytes,
    })
}

impl Facts for BackupFacts {
    fn lay_out(&self, page: &mut Page) {
        let file = self.file.display();
        page.line(&format!("{} bytes written to {file}", self.bytes));
    }
}

/// Outcome of `bus vacuum`.
#[derive(Debug, Serialize)]
pub(super) struct VacuumFacts {
    transport: &'static str,
}

pub(super) fn vacuum(args: &VacuumArgs, applied: &Applied) -> Result<VacuumFacts, Failure> {
    let VacuumArgs { bus: _ } = args;
    let transport = BusInUse::new(applied)?.open()?;
    transport.vacuum()?;
    Ok(VacuumFacts {
        transport: transport.name(),
    })
}

impl Facts for VacuumFacts {
    fn lay_out(&self, page: &mut Page) {
        page.line("unused space returned to the file system");
    }
}
