//! Dead letters and their events, as facts.

use events_bus::transport::{DeadLetter, EntryId, Malformed};
use events_bus::{Record, wire};
use events_core::{EventMetadata, registry};
use serde::Serialize;
use serde_json::Value;

use super::personal;
use crate::text::Page;

/// A dead letter.
#[derive(Debug, Serialize)]
pub(super) struct LetterFacts {
    pub(super) id: String,
    pub(super) topic: String,
    pub(super) group: String,
    pub(super) receiver: Option<String>,
    pub(super) reason: &'static str,
    pub(super) error: String,
    pub(super) attempts: u32,
    /// Time at which the receiver gave the event up.
    pub(super) at: String,
    /// The entry of the event.
    pub(super) entry: String,
    pub(super) event_type: Option<String>,
    pub(super) event_id: Option<String>,
}

/// A dead letter with its event.
#[derive(Debug, Serialize)]
pub(super) struct LetterContents {
    #[serde(flatten)]
    pub(super) facts: LetterFacts,
    metadata: Option<EventMetadata>,
    /// The ordering key. Only with `--personal`: it may be personal data.
    key: Option<String>,
    /// The event data, or `None` if this binary cannot read them.
    data: Option<Value>,
    /// A body that cannot be read, in hexadecimal digits. Only with `--personal`.
    body: Option<String>,
    body_bytes: Option<usize>,
    /// The fields of an entry that is not a record.
    fields: Option<Vec<Field>>,
}

/// A field of an entry that is not a record.
#[derive(Debug, Serialize)]
struct Field {
    name: String,
    /// Only with `--personal`.
    value: Option<String>,
    bytes: usize,
}

impl LetterFacts {
    pub(super) fn new(topic: &str, id: EntryId, letter: &DeadLetter) -> Self {
        let record = letter.record.as_ref();
        Self {
            id: id.to_string(),
            topic: topic.to_owned(),
            group: letter.group.to_string(),
            receiver: letter.receiver.as_deref().map(str::to_owned),
            reason: letter.reason.as_str(),
            error: letter.error.to_string(),
            attempts: letter.attempts,
            at: letter.at.to_string(),
            entry: letter.entry.to_string(),
            event_type: match record {
                Ok(record) => Some(record.metadata.event_type().to_owned()),
                Err(malformed) => malformed.event_type.as_deref().map(str::to_owned),
            },
            event_id: record.ok().map(|record| record.metadata.id().to_string()),
        }
    }

    /// Returns the receiver that gave the event up, or a dash.
    pub(super) fn who(&self) -> &str {
        self.receiver.as_deref().unwrap_or("-")
    }
}

impl LetterContents {
    /// Creates the facts. Includes personal data only if `personal` is set.
    pub(super) fn new(topic: &str, id: EntryId, letter: &DeadLetter, personal: bool) -> Self {
        let empty = Self {
            facts: LetterFacts::new(topic, id, letter),
            metadata: None,
            key: None,
            data: None,
            body: None,
            body_bytes: None,
            fields: None,
        };
        match &letter.record {
            Ok(record) => empty.with_record(record, personal),
            Err(malformed) => Self {
                fields: Some(fields(malformed, personal)),
                ..empty
            },
        }
    }

    fn with_record(self, record: &Record, personal: bool) -> Self {
        let data = data(record, personal);
        // A body that cannot be read may contain personal data.
        let body = (personal && data.is_none()).then(|| hex(&record.body));
        let key = record.key.as_deref().filter(|_| personal);
        Self {
            metadata: Some(record.metadata.clone()),
            key: key.map(str::to_owned),
            data,
            body,
            body_bytes: Some(record.body.len()),
            ..self
        }
    }

    pub(super) fn lay_out(&self, page: &mut Page) {
        let facts = &self.facts;
        page.blank();
        page.line(&format!("Dead letter {} of {}", facts.id, facts.topic));
        let attempts = facts.attempts.to_string();
        let time = self
            .metadata
            .as_ref()
            .map(|metadata| metadata.time().to_string());
        let sent = match (&self.metadata, &time) {
            (Some(metadata), Some(time)) => {
                format!(
                    "{time} by {} on {}",
                    metadata.source(),
                    metadata.source_host()
                )
            }
            _ => String::new(),
        };
        let minor = self
            .metadata
            .as_ref()
            .map(|metadata| metadata.minor_version().to_string());
        page.pairs(
            2,
            &[
                (
                    "event type",
                    facts.event_type.as_deref().unwrap_or_default(),
                ),
                ("minor version", minor.as_deref().unwrap_or_default()),
                ("event", facts.event_id.as_deref().unwrap_or_default()),
                ("sent", &sent),
                ("entry", &facts.entry),
                ("group", &facts.group),
                ("receiver", facts.receiver.as_deref().unwrap_or_default()),
                ("reason", facts.reason),
                ("attempts", if facts.attempts == 0 { "" } else { &attempts }),
                ("given up", &facts.at),
                ("key", self.key.as_deref().unwrap_or_default()),
            ],
        );
        page.line("  error");
        page.verbatim(4, &facts.error);
        if let Some(fields) = &self.fields {
            page.line("  fields");
            for Field { name, value, bytes } in fields {
                let value = value.clone();
                let value =
                    value.unwrap_or_else(|| format!("{bytes} bytes; `--personal` shows them"));
                page.line(&format!("    {name}: {value}"));
            }
        }
        match (&self.data, &self.body, self.body_bytes) {
            (Some(data), _, _) => {
                page.line("  data");
                page.verbatim(4, &serde_json::to_string_pretty(data).unwrap_or_default());
            }
            (None, Some(body), _) => {
                page.line("  body, which this binary cannot read");
                page.verbatim(4, body);
            }
            (None, None, Some(bytes)) => page.line(&format!(
                "  body: {bytes} bytes, which this binary cannot read; `--personal` shows them"
            )),
            (None, None, None) => {}
        }
    }
}

/// Returns the data of a record, or `None` if this binary cannot read it.
fn data(record: &Record, personal: bool) -> Option<Value> {
    let metadata = &record.metadata;
    let signal = registry::find(metadata.event_type())?;
    let event = wire::decode_any(signal, &record.body, metadata.minor_version()).ok()?;
    personal::data(event.get(), personal)
}

fn fields(malformed: &Malformed, personal: bool) -> Vec<Field> {
    let fields = malformed.fields.iter().map(|(name, value)| Field {
        name: String::from_utf8_lossy(name).into_owned(),
        value: personal.then(|| String::from_utf8_lossy(value).into_owned()),
        bytes: value.len(),
    });
    fields.collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
