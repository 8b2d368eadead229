//! `events dlq`: dead letters are listed, shown, tried again, dropped.

use events_bus::admin::{self, LetterFilter};
use events_bus::transport::{DeadLetter, EntryId, SharedTransport, Transport};
use serde::Serialize;

use super::args::{ChosenLettersArgs, FilterArgs, ListLettersArgs, ShowLettersArgs};
use super::letters::{LetterContents, LetterFacts};
use super::open::BusInUse;
use crate::Status;
use crate::commands::{Facts, Failure};
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

/// The letters that are meant. Each that is named by its id has to be there.
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
        "topic `{topic}` has no dead letter `{}` that is meant; nothing was done; `events dlq list` shows those there are",
        missing.join("`, `")
    )))
}

/// The dead letters of a bus, or of a topic.
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
            .left("ID")
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

/// Dead letters with what they hold.
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

/// The letters that a command is to change.
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

/// What was tried again.
#[derive(Debug, Serialize)]
pub(super) struct RetryFacts {
    topic: String,
    /// Those that are dead letters no longer.
    retried: Vec<String>,
    /// Those that hold no record, so that there is nothing to try again.
    unreadable: Vec<String>,
}

pub(super) fn retry(args: &ChosenLettersArgs, applied: &Applied) -> Result<RetryFacts, Failure> {
    let (transport, topic, letters) = chosen(args, applied)?;
    let retried = admin::retry(&*transport, &topic, &letters)?;
    Ok(RetryFacts {
        topic,
        retried: retried.requeued.iter().map(ToString::to_string).collect(),
        unreadable: retried.unreadable.iter().map(ToString::to_string).collect(),
    })
}

impl Facts for RetryFacts {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!(
            "{} of {} given to the receivers once more",
            count(self.retried.len(), "dead letter"),
            self.topic
        ));
        if !self.unreadable.is_empty() {
            page.paragraph(
                0,
                &format!(
                    "there is nothing to try again in {}: what stood there is no record; `events dlq show` shows it, and \
                     `events dlq drop` removes it",
                    self.unreadable.join(", ")
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

/// What was dropped.
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
