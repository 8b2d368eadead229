//! `events replay`: requeue entries for a group.

use std::io::{self, IsTerminal};

use events_bus::admin::{self, Replay, Replayed};
use events_bus::transport::{EntryId, Position, TopicStatus};
use events_core::registry;
use indicatif::ProgressBar;
use serde::Serialize;

use super::args::ReplayArgs;
use super::open::{self, BusInUse};
use super::position::{position, time};
use super::progress;
use crate::Status;
use crate::commands::{Answer, Facts, Failure, Output};
use crate::configuration::Applied;
use crate::text::{Page, entries, escape};

#[derive(Debug, Serialize)]
struct ReplayFacts {
    topic: String,
    group: String,
    dry_run: bool,
    /// Number of entries read.
    seen: u64,
    /// Number of entries requeued for the group. In a dry run, the number that would be.
    replayed: u64,
    /// Number of entries skipped because they hold no record.
    unreadable: u64,
    first: Option<String>,
    last: Option<String>,
}

pub(crate) fn replay(
    args: &ReplayArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Answer, Failure> {
    let bus = BusInUse::new(applied)?;
    let mut replay = Replay::new(bus.config.full_topic(&args.topic), &args.group);
    if let Some(from) = &args.from {
        replay.from = position("--from", from)?;
    }
    replay.to = args.to;
    replay.until = args
        .until
        .as_deref()
        .map(|until| time("--until", until))
        .transpose()?;
    replay.event_type.clone_from(&args.event_type);
    replay.receivers = args.receivers.iter().map(|id| (&**id).into()).collect();
    replay.dry_run = args.dry_run;

    let transport = bus.open()?;
    let topic = bus.topic(&*transport, &args.topic)?;
    open::group(&topic, &args.group)?;
    hints(args, output)?;
    if !args.dry_run && !args.yes && args.is_whole_topic() && !confirm(&topic, args, output)? {
        output.err.note("hint", "nothing was replayed")?;
        return Ok(Answer::told(Status::Problems));
    }
    let shown = shown(&topic, &replay, output.is_process);
    let result = admin::replay(&*transport, &replay, |done| shown.advance(done));
    shown.bar.finish_and_clear();
    let done = result?;
    let facts = ReplayFacts {
        topic: replay.topic,
        group: replay.group,
        dry_run: replay.dry_run,
        seen: done.seen,
        replayed: done.given,
        unreadable: done.unreadable,
        first: done.span.map(|(first, _)| first.to_string()),
        last: done.span.map(|(_, last)| last.to_string()),
    };
    Ok(Answer::new(&facts, output.form)?)
}

/// Asks whether to replay a whole topic.
///
/// # Errors
/// Returns an error if there is no terminal to ask on.
fn confirm(
    topic: &TopicStatus,
    args: &ReplayArgs,
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    let all = match topic.entries {
        1 => "the only entry".to_owned(),
        number => format!("all {}", entries(number)),
    };
    if !output.is_process || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::Usage(format!(
            "this replays {all} of topic `{}` for group `{}`; add `--yes` to confirm, choose entries with `--from`, `--to`, `--until` or \
             `--type`, or count them with `--dry-run`",
            topic.topic, args.group
        )));
    }
    write!(
        output.err,
        "Replay {all} of topic `{}` for group `{}`? [y/N] ",
        escape(&topic.topic),
        escape(&args.group)
    )?;
    output.err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Warns about names that this binary does not know. The consuming binary may know them.
fn hints(args: &ReplayArgs, output: &mut Output<'_>) -> io::Result<()> {
    let is_known = |id: &String| registry::receivers().any(|receiver| receiver.is_called(id));
    for id in args.receivers.iter().filter(|id| !is_known(id)) {
        let message = format!(
            "this binary has no receiver `{id}`; if the consumer has none either, its share becomes dead letters"
        );
        output.err.note("hint", message)?;
    }
    if let Some(event_type) = args
        .event_type
        .as_deref()
        .filter(|wanted| registry::find(wanted).is_none())
    {
        let message = format!("this binary has no event of type `{event_type}`");
        output.err.note("hint", message)?;
    }
    Ok(())
}

/// A progress bar, and what it measures.
struct Shown {
    bar: ProgressBar,
    /// The first entry, if it is known before the first page is read.
    first: Option<EntryId>,
    /// The last entry. Ids are numbers or times: either way, they measure progress.
    last: Option<EntryId>,
}

/// Number of steps of the bar.
const STEPS: u64 = 1000;

fn shown(topic: &TopicStatus, replay: &Replay, is_process: bool) -> Shown {
    let bar = progress::bar(STEPS, is_process);
    let first = match replay.from {
        Position::Oldest => topic.oldest,
        Position::At(id) | Position::After(id) => topic.oldest.map(|oldest| oldest.max(id)),
        _ => None,
    };
    let last = topic
        .newest
        .map(|newest| replay.to.map_or(newest, |to| to.min(newest)));
    Shown { bar, first, last }
}

impl Shown {
    fn advance(&self, done: Replayed) {
        // Before the position, which draws both.
        self.bar
            .set_message(format!("{} requeued", entries(done.given)));
        if let (Some((first, seen)), Some(last)) = (done.span, self.last) {
            let first = self.first.unwrap_or(first);
            let whole = last.major().saturating_sub(first.major()).max(1);
            let part = seen.major().saturating_sub(first.major()).min(whole);
            let steps = u128::from(part) * u128::from(STEPS) / u128::from(whole);
            self.bar.set_position(u64::try_from(steps).unwrap_or(STEPS));
        }
    }
}

impl Facts for ReplayFacts {
    fn lay_out(&self, page: &mut Page) {
        let done = if self.dry_run {
            "would be requeued"
        } else {
            "requeued"
        };
        let span = match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!(", {first} to {last},"),
            _ => String::new(),
        };
        page.line(&format!(
            "{} of {} of {}{span} {done} for group {}",
            self.replayed,
            entries(self.seen),
            self.topic,
            self.group
        ));
        if self.unreadable > 0 {
            page.line(&format!("{} skipped: no record", entries(self.unreadable)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for answer in ["y\n", "Y", " yes \r\n", "YES\n"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "no", "yy", "y es"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
