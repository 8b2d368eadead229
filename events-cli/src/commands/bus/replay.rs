//! `events replay`: entries are given to a group once more.

use events_bus::admin::{self, Replay, Replayed};
use events_bus::transport::{EntryId, Position};
use events_core::Timestamp;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::args::ReplayArgs;
use super::status::no_topic;
use super::{Output, open};
use crate::Status;
use crate::commands::{Answer, Facts, Failure};
use crate::configuration::Applied;
use crate::text::Page;

#[derive(Debug, Serialize)]
struct ReplayFacts {
    topic: String,
    group: String,
    dry_run: bool,
    seen: u64,
    replayed: u64,
    unreadable: u64,
    first: Option<String>,
    last: Option<String>,
}

pub(super) fn replay(
    args: &ReplayArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    let config = open::configuration(&args.bus, applied)?;
    let transport = open::transport(&config)?;
    let topic = config.full_topic(&args.topic);
    let status = transport.status(&topic)?.ok_or_else(|| no_topic(&topic))?;
    let mut replay = Replay::new(&topic, &args.group);
    if let Some(from) = &args.from {
        replay.from = position(from)?;
    }
    replay.to = args.to.as_deref().map(entry).transpose()?;
    replay.until = args.until.as_deref().map(time).transpose()?;
    replay.event_type.clone_from(&args.event_type);
    replay.receivers = args.receivers.iter().map(|id| (&**id).into()).collect();
    replay.dry_run = args.dry_run;

    // It is drawn where there is a terminal, and nowhere else.
    let bar = ProgressBar::with_draw_target(Some(status.entries), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} entries, {eta} left") {
        bar.set_style(style);
    }
    let done = admin::replay(&*transport, &replay, |done: Replayed| {
        bar.set_position(done.seen);
    });
    bar.finish_and_clear();
    let done = done?;
    let facts = ReplayFacts {
        topic,
        group: args.group.clone(),
        dry_run: args.dry_run,
        seen: done.seen,
        replayed: done.given,
        unreadable: done.unreadable,
        first: done.span.map(|(first, _)| first.to_string()),
        last: done.span.map(|(_, last)| last.to_string()),
    };
    let answer = Answer::new(&facts, output.json)?;
    output.out.write_all(answer.text.as_bytes())?;
    Ok(answer.status)
}

fn position(text: &str) -> Result<Position, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(Position::At(id));
    }
    match text.parse() {
        Ok(time) => Ok(Position::Time(time)),
        Err(_) => Err(Failure::Usage(format!(
            "`--from {}` is neither the id of an entry, such as `1795376013252-0` or `17`, nor a time in UTC, such as \
             `2026-11-25T08:00:00Z`",
            text.escape_debug()
        ))),
    }
}

fn entry(text: &str) -> Result<EntryId, Failure> {
    text.parse()
        .map_err(|error: events_bus::transport::ParseEntryIdError| {
            Failure::Usage(format!("`--to`: {error}"))
        })
}

fn time(text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!(
            "`--until {}` is no time in UTC, such as `2026-11-25T08:00:00Z`",
            text.escape_debug()
        ))
    })
}

impl Facts for ReplayFacts {
    fn lay_out(&self, page: &mut Page) {
        let would = if self.dry_run { "would be" } else { "are" };
        let span = match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!(" ({first} to {last})"),
            _ => String::new(),
        };
        page.line(&format!(
            "{} of {} entries of {}{span} {would} given to group {} once more.",
            self.replayed, self.seen, self.topic, self.group
        ));
        if self.unreadable > 0 {
            page.line(&format!(
                "{} entries hold no record, and are passed over.",
                self.unreadable
            ));
        }
    }
}
