//! Dead letters as facts, with what they hold.

use events_bus::transport::{DeadLetter, EntryId};
use events_bus::{Record, wire};
use events_core::{RecordSchema, Schema, registry};
use serde::Serialize;
use serde_json::Value;

/// A dead letter.
#[derive(Debug, Serialize)]
pub(super) struct LetterFacts {
    pub(super) id: String,
    pub(super) event_type: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) group: String,
    pub(super) receiver: Option<String>,
    pub(super) reason: &'static str,
    pub(super) error: String,
    pub(super) attempts: u32,
    pub(super) entry: String,
    pub(super) at: String,
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Value>,
    /// The event data; what cannot be read is shown as bytes, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fields: Option<Value>,
}

impl LetterFacts {
    pub(super) fn new(id: EntryId, letter: &DeadLetter) -> Self {
        let record = letter.record.as_ref().ok();
        Self {
            id: id.to_string(),
            event_type: match &letter.record {
                Ok(record) => Some(record.metadata.event_type().to_owned()),
                Err(malformed) => malformed.event_type.as_deref().map(str::to_owned),
            },
            event_id: record.map(|record| record.metadata.id().to_string()),
            group: letter.group.to_string(),
            receiver: letter.receiver.as_deref().map(str::to_owned),
            reason: letter.reason.as_str(),
            error: letter.error.to_string(),
            attempts: letter.attempts,
            entry: letter.entry.to_string(),
            at: letter.at.to_string(),
            key: None,
            metadata: None,
            data: None,
            body: None,
            fields: None,
        }
    }

    /// With what the letter holds, personal data only if they are asked for.
    pub(super) fn with_contents(mut self, letter: &DeadLetter, personal: bool) -> Self {
        match &letter.record {
            Ok(record) => {
                self.metadata = serde_json::to_value(&record.metadata).ok();
                match data(record, personal) {
                    Some(data) => self.data = Some(data),
                    // What cannot be read may hold anything.
                    None if personal => self.body = Some(hex(&record.body)),
                    None => {
                        self.body = Some(format!(
                            "{} bytes; --personal shows them",
                            record.body.len()
                        ));
                    }
                }
                if personal {
                    self.key = record.key.as_deref().map(str::to_owned);
                }
            }
            Err(malformed) => {
                let fields = malformed.fields.iter().map(|(name, value)| {
                    let shown = if personal {
                        String::from_utf8_lossy(value).into_owned()
                    } else {
                        format!("{} bytes; --personal shows them", value.len())
                    };
                    (String::from_utf8_lossy(name).into_owned(), shown.into())
                });
                self.fields = Some(Value::Object(fields.collect()));
            }
        }
        self
    }
}

/// The data of a record as JSON, if this binary can read it.
pub(super) fn data(record: &Record, personal: bool) -> Option<Value> {
    let signal = registry::find(record.metadata.event_type())?;
    let event = wire::decode_any(signal, &record.body, record.metadata.minor_version()).ok()?;
    let mut data = serde_json::to_value(event.get()).ok()?;
    if !personal {
        redact(&mut data, signal.event().schema);
    }
    Some(data)
}

/// Takes out what is marked as personal data.
fn redact(value: &mut Value, schema: &RecordSchema) {
    let Value::Object(object) = value else { return };
    for field in schema.fields {
        let Some(value) = object.get_mut(field.name) else {
            continue;
        };
        if field.personal {
            *value = Value::from("[personal data]");
        } else {
            redact_inside(value, field.schema);
        }
    }
}

fn redact_inside(value: &mut Value, schema: &Schema) {
    match (schema, value) {
        (Schema::Record(record), value) => redact(value, record),
        (Schema::Optional(inner), value) => redact_inside(value, inner),
        (Schema::Array(inner), Value::Array(items)) => {
            for item in items {
                redact_inside(item, inner);
            }
        }
        (Schema::Map(inner), Value::Object(entries)) => {
            for value in entries.values_mut() {
                redact_inside(value, inner);
            }
        }
        _ => {}
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
