//! `events dlq`: list, show, retry and drop dead letters.

use events_bus::admin::{self, LetterFilter, Retried, RetryProgress};
use events_bus::transport::{DeadLetter, EntryId, SharedTransport, TopicStatus, Transport};
use serde::Serialize;

use super::args::{ChosenLettersArgs, FilterArgs, ListLettersArgs, ShowLettersArgs};
use super::dead_letters::{LetterContents, LetterFacts};
use super::open::BusInUse;
use super::progress;
use crate::Status;
use crate::commands::{Facts, Failure, Output};
use crate::configuration::Applied;
use crate::text::{Page, Table, count};

impl FilterArgs {
    fn filter(&self, ids: &[EntryId]) -> LetterFilter {
        let mut filter = LetterFilter::default();
        filter.group.clone_from(&self.group);
        filter.receiver.clone_from(&self.receiver);
        filter.event_type.clone_from(&self.event_type);
        filter.ids = ids.to_vec();
        filter
    }
}

type Letters = Vec<(EntryId, DeadLetter)>;

/// Returns the dead letters that match.
///
/// # Errors
/// Returns an error if one that is named by its id does not match.
fn find(
    transport: &dyn Transport,
    topic: &str,
    args: &FilterArgs,
    ids: &[EntryId],
) -> Result<Letters, Failure> {
    let letters = admin::dead_letters(transport, topic, &args.filter(ids))?;
    let is_there = |id: &EntryId| letters.iter().any(|(there, _)| there == id);
    let missing: Vec<_> = ids
        .iter()
        .filter(|id| !is_there(id))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(letters);
    }
    Err(Failure::Usage(format!(
        "topic `{topic}` has no dead letter `{}` that matches; nothing was done; `events dlq list` shows the dead letters",
        missing.join("`, `")
    )))
}

/// Dead letters of a bus or of one topic.
#[derive(Debug, Serialize)]
pub(super) struct ListFacts {
    letters: Vec<LetterFacts>,
}

pub(super) fn list(args: &ListLettersArgs, applied: &Applied) -> Result<ListFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let topics = match &args.topic {
        Some(topic) => vec![bus.topic(&*transport, topic)?],
        None => transport.topics()?,
    };
    let mut letters = Vec::new();
    for topic in topics.iter().filter(|topic| topic.dead_letters > 0) {
        let found = find(&*transport, &topic.topic, &args.filter, &[])?;
        let facts = found
            .iter()
            .map(|(id, letter)| LetterFacts::new(&topic.topic, *id, letter));
        letters.extend(facts);
    }
    Ok(ListFacts { letters })
}

impl Facts for ListFacts {
    fn lay_out(&self, page: &mut Page) {
        let mut table = Table::default()
            .ids("ID")
            .left("TOPIC")
            .left("GROUP")
            .left("RECEIVER")
            .left("REASON")
            .right("ATTEMPTS")
            .left("EVENT TYPE");
        for letter in &self.letters {
            table.row(
                [
                    letter.id.clone(),
                    letter.topic.clone(),
                    letter.group.clone(),
                    letter.who().to_owned(),
                    letter.reason.to_owned(),
                    letter.attempts.to_string(),
                    letter.event_type.clone().unwrap_or_default(),
                ],
                vec![letter.error.lines().next().unwrap_or_default().to_owned()],
            );
        }
        if !self.letters.is_empty() {
            table.print(page, 0);
            page.blank();
        }
        page.line(&count(self.letters.len(), "dead letter"));
    }
}

/// Dead letters with their events.
#[derive(Debug, Serialize)]
pub(super) struct ShowFacts {
    letters: Vec<LetterContents>,
}

pub(super) fn show(args: &ShowLettersArgs, applied: &Applied) -> Result<ShowFacts, Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let topic = bus.topic(&*transport, &args.topic)?.topic;
    let letters = find(&*transport, &topic, &args.filter, &args.ids)?;
    let letters = letters
        .iter()
        .map(|(id, letter)| LetterContents::new(&topic, *id, letter, args.personal));
    Ok(ShowFacts {
        letters: letters.collect(),
    })
}

impl Facts for ShowFacts {
    fn lay_out(&self, page: &mut Page) {
        for letter in &self.letters {
            letter.lay_out(page);
        }
        if self.letters.is_empty() {
            page.line(&count(0, "dead letter"));
        }
    }
}

/// Returns the transport, the full name of the topic, and the dead letters to change.
fn chosen(
    args: &ChosenLettersArgs,
    applied: &Applied,
) -> Result<(SharedTransport, String, Letters), Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let topic = bus.topic(&*transport, &args.topic)?.topic;
    let letters = find(&*transport, &topic, &args.filter, &args.ids)?;
    Ok((transport, topic, letters))
}

/// Outcome of `dlq retry`.
#[derive(Debug, Serialize)]
pub(super) struct RetryFacts {
    topic: String,
    /// Ids of the dead letters that were requeued and removed.
    retried: Vec<String>,
    /// Ids of the dead letters that hold no record, and stay.
    unreadable: Vec<String>,
}

pub(super) fn retry(
    args: &ChosenLettersArgs,
    applied: &Applied,
    output: &Output<'_>,
) -> Result<RetryFacts, Failure> {
    let (topic, retried) = if args.all {
        retry_all(args, applied, output)?
    } else {
        let (transport, topic, letters) = chosen(args, applied)?;
        let retried = admin::retry(&*transport, &topic, &letters)?;
        (topic, retried)
    };
    Ok(RetryFacts {
        topic,
        retried: retried.requeued.iter().map(ToString::to_string).collect(),
        unreadable: retried.unreadable.iter().map(ToString::to_string).collect(),
    })
}

/// Retries every dead letter that matches, page by page.
fn retry_all(
    args: &ChosenLettersArgs,
    applied: &Applied,
    output: &Output<'_>,
) -> Result<(String, Retried), Failure> {
    let bus = BusInUse::new(applied)?;
    let transport = bus.open()?;
    let TopicStatus {
        topic,
        dead_letters,
        ..
    } = bus.topic(&*transport, &args.topic)?;
    let bar = progress::bar(dead_letters, output.is_process);
    let advance = |done: RetryProgress| {
        // Before the position, which draws both.
        bar.set_message(format!("{} requeued", done.requeued));
        bar.set_length(done.total);
        bar.set_position(done.seen);
    };
    let retried = admin::retry_all(&*transport, &topic, &args.filter.filter(&[]), advance);
    bar.finish_and_clear();
    Ok((topic, retried?))
}

impl Facts for RetryFacts {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!(
            "{} of {} requeued for the receivers",
            count(self.retried.len(), "dead letter"),
            self.topic
        ));
        if !self.unreadable.is_empty() {
            page.paragraph(
                0,
                &format!(
                    "cannot retry {}: {} no record; see `events dlq show`, or remove with `events dlq drop`",
                    self.unreadable.join(", "),
                    if self.unreadable.len() == 1 { "it holds" } else { "they hold" }
                ),
            );
        }
    }

    fn status(&self) -> Status {
        if self.unreadable.is_empty() {
            Status::Ok
        } else {
            Status::Problems
        }
    }
}

/// Outcome of `dlq drop`.
#[derive(Debug, Serialize)]
pub(super) struct DropFacts {
    topic: String,
    dropped: Vec<String>,
}

pub(super) fn drop(args: &ChosenLettersArgs, applied: &Applied) -> Result<DropFacts, Failure> {
    let (transport, topic, letters) = chosen(args, applied)?;
    let ids: Vec<_> = letters.iter().map(|(id, _)| *id).collect();
    transport.drop_dead_letters(&topic, &ids)?;
    Ok(DropFacts {
        topic,
        dropped: ids.iter().map(ToString::to_string).collect(),
    })
}

impl Facts for DropFacts {
    fn lay_out(&self, page: &mut Page) {
        let dropped = count(self.dropped.len(), "dead letter");
        page.line(&format!("{dropped} of {} dropped", self.topic));
    }
}
