//! `events replay`: entries are given to a group once more.

use std::io;

use events_bus::admin::{self, Replay, Replayed};
use events_bus::transport::{EntryId, Position, TopicStatus};
use events_core::registry;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::args::ReplayArgs;
use super::open::{self, BusInUse};
use super::position::{position, time};
use crate::commands::{Answer, Facts, Failure, Output};
use crate::configuration::Applied;
use crate::text::{Page, entries};

#[derive(Debug, Serialize)]
struct ReplayFacts {
    topic: String,
    group: String,
    dry_run: bool,
    /// How many entries were looked at.
    seen: u64,
    /// How many were given to the group once more, or would be.
    replayed: u64,
    /// How many hold no record, and were passed over.
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
    let shown = progress(&topic, &replay, output.is_process);
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

/// Says what this binary does not know: the binary that consumes may.
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

/// A progress bar, drawn where there is a terminal.
struct Shown {
    bar: ProgressBar,
    /// The first entry, where it is known before; the first page says it otherwise.
    first: Option<EntryId>,
    /// The last one. Ids count, or are times: either way, they say how far it is.
    last: Option<EntryId>,
}

/// What the bar counts to.
const STEPS: u64 = 1000;

fn progress(topic: &TopicStatus, replay: &Replay, is_shown: bool) -> Shown {
    let target = if is_shown {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(STEPS), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} %  {msg}  {eta} left") {
        bar.set_style(style);
    }
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
            .set_message(format!("{} given", entries(done.given)));
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
        let done = if self.dry_run { "would be" } else { "were" };
        let span = match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!(", {first} to {last},"),
            _ => String::new(),
        };
        page.line(&format!(
            "{} of {} of {}{span} {done} given to group {} once more",
            self.replayed,
            entries(self.seen),
            self.topic,
            self.group
        ));
        if self.unreadable > 0 {
            page.line(&format!(
                "{} hold no record, and are passed over",
                entries(self.unreadable)
            ));
        }
    }
}
