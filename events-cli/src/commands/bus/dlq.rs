//! `events dlq`: dead letters are listed, shown, tried again, dropped.

use events_bus::admin::{self, LetterFilter};
use events_bus::transport::{DeadLetter, EntryId, SharedTransport};
use serde::Serialize;

use super::args::{ChosenLettersArgs, LettersArgs, ShowLettersArgs};
use super::letters::LetterFacts;
use super::open;
use super::status::no_topic;
use crate::Status;
use crate::commands::{Facts, Failure};
use crate::configuration::Applied;
use crate::text::{Page, Table, count};

/// What a command works with.
struct Found {
    transport: SharedTransport,
    topic: String,
    letters: Vec<(EntryId, DeadLetter)>,
    /// Ids that were asked for, and are not there.
    missing: Vec<String>,
}

fn find(args: &LettersArgs, applied: &Applied) -> Result<Found, Failure> {
    let config = open::configuration(&args.bus, applied)?;
    let transport = open::transport(&config)?;
    let topic = config.full_topic(&args.topic);
    transport.status(&topic)?.ok_or_else(|| no_topic(&topic))?;
    let mut filter = LetterFilter::default();
    filter.group.clone_from(&args.group);
    filter.receiver.clone_from(&args.receiver);
    filter.event_type.clone_from(&args.event_type);
    filter.ids = args
        .ids
        .iter()
        .map(|id| id.parse())
        .collect::<Result<_, _>>()
        .map_err(|error: events_bus::transport::ParseEntryIdError| {
            Failure::Usage(error.to_string())
        })?;
    let letters = admin::dead_letters(&*transport, &topic, &filter)?;
    let is_found = |id: &&EntryId| letters.iter().any(|(found, _)| found == *id);
    let missing = filter
        .ids
        .iter()
        .filter(|id| !is_found(id))
        .map(ToString::to_string)
        .collect();
    Ok(Found {
        transport,
        topic,
        letters,
        missing,
    })
}

/// Dead letters.
#[derive(Debug, Serialize)]
pub(super) struct ListFacts {
    topic: String,
    letters: Vec<LetterFacts>,
    /// Ids that were asked for, and are not there.
    missing: Vec<String>,
    #[serde(skip)]
    whole: bool,
}

pub(super) fn list(args: &LettersArgs, applied: &Applied) -> Result<ListFacts, Failure> {
    let found = find(args, applied)?;
    Ok(ListFacts {
        letters: found
            .letters
            .iter()
            .map(|(id, letter)| LetterFacts::new(*id, letter))
            .collect(),
        topic: found.topic,
        missing: found.missing,
        whole: false,
    })
}

pub(super) fn show(args: &ShowLettersArgs, applied: &Applied) -> Result<ListFacts, Failure> {
    let found = find(&args.letters, applied)?;
    Ok(ListFacts {
        letters: found
            .letters
            .iter()
            .map(|(id, letter)| LetterFacts::new(*id, letter).with_contents(letter, args.personal))
            .collect(),
        topic: found.topic,
        missing: found.missing,
        whole: true,
    })
}

impl Facts for ListFacts {
    fn lay_out(&self, page: &mut Page) {
        if self.letters.is_empty() {
            page.line(&format!("No dead letters of {} are meant.", self.topic));
        } else if self.whole {
            for letter in &self.letters {
                lay_out_letter(page, letter);
            }
        } else {
            let mut table = Table::default()
                .left("id")
                .left("group")
                .left("receiver")
                .left("reason")
                .right("attempts")
                .left("event type");
            for letter in &self.letters {
                table.row(
                    [
                        letter.id.clone(),
                        letter.group.clone(),
                        letter.receiver.clone().unwrap_or_default(),
                        letter.reason.to_owned(),
                        letter.attempts.to_string(),
                        letter.event_type.clone().unwrap_or_default(),
                    ],
                    vec![letter.error.lines().next().unwrap_or_default().to_owned()],
                );
            }
            table.print(page, 0);
        }
        for id in &self.missing {
            page.line(&format!("There is no dead letter {id}."));
        }
    }

    fn status(&self) -> Status {
        if self.missing.is_empty() {
            Status::Ok
        } else {
            Status::Usage
        }
    }
}

fn lay_out_letter(page: &mut Page, letter: &LetterFacts) {
    let text = |value: &Option<serde_json::Value>| {
        value
            .as_ref()
            .and_then(|value| serde_json::to_string_pretty(value).ok())
            .unwrap_or_default()
    };
    page.blank();
    page.line(&format!("Dead letter {}", letter.id));
    let attempts = letter.attempts.to_string();
    page.pairs(
        2,
        &[
            (
                "event type",
                letter.event_type.as_deref().unwrap_or_default(),
            ),
            ("event", letter.event_id.as_deref().unwrap_or_default()),
            ("entry", &letter.entry),
            ("group", &letter.group),
            ("receiver", letter.receiver.as_deref().unwrap_or_default()),
            ("reason", letter.reason),
            ("attempts", &attempts),
            ("given up", &letter.at),
            ("key", letter.key.as_deref().unwrap_or_default()),
            ("error", &letter.error),
        ],
    );
    for (title, value) in [
        ("metadata", text(&letter.metadata)),
        ("data", text(&letter.data)),
        ("body", letter.body.clone().unwrap_or_default()),
        ("fields", text(&letter.fields)),
    ] {
        if !value.is_empty() {
            page.line(&format!("  {title}"));
            page.verbatim(4, &value);
        }
    }
}

/// What was done with dead letters.
#[derive(Debug, Serialize)]
pub(super) struct DoneFacts {
    topic: String,
    #[serde(skip)]
    what: &'static str,
    done: Vec<String>,
    /// Letters that hold no record, so that there is nothing to try again.
    unreadable: Vec<String>,
    missing: Vec<String>,
}

/// What is to be changed has to be named.
fn chosen(args: &ChosenLettersArgs, applied: &Applied, what: &str) -> Result<Found, Failure> {
    if args.letters.ids.is_empty() && !args.all {
        return Err(Failure::Usage(format!(
            "name the letters to {what} by their ids, which `events dlq list` shows, or give `--all` for all that the other \
             options mean"
        )));
    }
    find(&args.letters, applied)
}

pub(super) fn retry(args: &ChosenLettersArgs, applied: &Applied) -> Result<DoneFacts, Failure> {
    let found = chosen(args, applied, "retry")?;
    let retried = admin::retry(&*found.transport, &found.topic, &found.letters)?;
    let texts = |ids: &[EntryId]| ids.iter().map(ToString::to_string).collect();
    Ok(DoneFacts {
        topic: found.topic,
        what: "given to the receivers once more",
        done: texts(&retried.requeued),
        unreadable: texts(&retried.unreadable),
        missing: found.missing,
    })
}

pub(super) fn drop(args: &ChosenLettersArgs, applied: &Applied) -> Result<DoneFacts, Failure> {
    let found = chosen(args, applied, "drop")?;
    let ids: Vec<_> = found.letters.iter().map(|(id, _)| *id).collect();
    found.transport.drop_dead_letters(&found.topic, &ids)?;
    Ok(DoneFacts {
        topic: found.topic,
        what: "dropped",
        done: ids.iter().map(ToString::to_string).collect(),
        unreadable: Vec::new(),
        missing: found.missing,
    })
}

impl Facts for DoneFacts {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!(
            "{} of {} {}.",
            count(self.done.len(), "dead letter"),
            self.topic,
            self.what
        ));
        for id in &self.unreadable {
            page.line(&format!(
                "{id} holds no record that a receiver could be given; drop it, or repair what writes such entries."
            ));
        }
        for id in &self.missing {
            page.line(&format!("There is no dead letter {id}."));
        }
    }

    fn status(&self) -> Status {
        if self.missing.is_empty() && self.unreadable.is_empty() {
            Status::Ok
        } else {
            Status::Problems
        }
    }
}
