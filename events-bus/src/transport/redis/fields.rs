//! Records as fields of stream entries, the way `edx-event-bus-redis` 1.0.0 writes and reads them.
//!
//! Its fields come first, in its order: `type id source time minorversion sourcehost sourcelib event_data`. What it does not know
//! and passes over follows. It writes no `MAXLEN` here: what is trimmed is decided elsewhere.

use std::sync::Arc;

use redis::{Cmd, Value};

use super::answer;
use super::failure::Failure;
use crate::headers::{self, BODY, Headers, Senders};
use crate::record::Record;
use crate::transport::{Entry, EntryId, Field, Malformed};
use events_core::Timestamp;

/// The last of the reference's headers; its body follows.
const LAST_OF_REFERENCE: &str = "sourcelib";

/// Adds the fields of a record to a command.
pub(super) fn add_record(command: &mut Cmd, record: &Record) {
    headers::write(record, |name, value| {
        command.arg(name).arg(&*value);
        if name == LAST_OF_REFERENCE {
            command.arg(BODY).arg(&*record.body);
        }
    });
}

/// An entry as a list of the server has it: its id, and its fields; or nothing where the entry is gone.
pub(super) fn entry(value: Value) -> Result<Option<(EntryId, Vec<Value>)>, Failure> {
    let Value::Array(mut parts) = value else {
        return match value {
            Value::Nil => Ok(None),
            _ => Err(Failure::Answer("a list of entries")),
        };
    };
    match (parts.pop(), parts.pop()) {
        (Some(Value::Array(fields)), Some(id)) => Ok(Some((answer::id(&id)?, fields))),
        (Some(Value::Nil), Some(_)) => Ok(None),
        _ => Err(Failure::Answer("a list of entries")),
    }
}

/// All entries of a list that are there.
pub(super) fn entries(value: Value) -> Result<Vec<Entry>, Failure> {
    let values = answer::list(value)?;
    let mut entries = Vec::with_capacity(values.len());
    let mut senders = Senders::default();
    for value in values {
        if let Some((id, fields)) = entry(value)? {
            entries.push(Entry::new(
                id,
                published_at(id),
                record_after(fields, &mut senders),
            ));
        }
    }
    Ok(entries)
}

/// The server's clock when it took the entry.
pub(super) fn published_at(id: EntryId) -> Timestamp {
    let micros = i64::try_from(id.major())
        .ok()
        .and_then(|ms| ms.checked_mul(1000));
    // Ids that somebody gave by hand may be any.
    micros
        .and_then(Timestamp::from_micros)
        .unwrap_or(Timestamp::MAX)
}

/// The record that fields make: names and values, one after the other.
pub(super) fn record(fields: Vec<Value>) -> Result<Record, Malformed> {
    record_after(fields, &mut Senders::default())
}

fn record_after(fields: Vec<Value>, senders: &mut Senders) -> Result<Record, Malformed> {
    let mut body = None;
    let mut headers = Headers::default();
    let mut problem = None;
    for pair in fields.chunks_exact(2) {
        let [Value::BulkString(name), Value::BulkString(value)] = pair else {
            problem.get_or_insert_with(|| "it has a field that is no text".to_owned());
            continue;
        };
        if name == BODY.as_bytes() {
            body = Some(value);
        } else if let Err(error) = headers.set(name, value) {
            problem.get_or_insert_with(|| error.to_string());
        }
    }
    let event_type = headers.event_type();
    let read = match (problem, body) {
        (Some(problem), _) => Err((problem, event_type.map(str::to_owned))),
        (None, None) => Err((
            format!("it has no field `{BODY}`"),
            event_type.map(str::to_owned),
        )),
        (None, Some(body)) => headers
            .into_record_after(Arc::from(body.as_slice()), senders)
            .map_err(|error| (error.to_string(), event_type.map(str::to_owned))),
    };
    read.map_err(|(reason, event_type)| {
        Malformed::new(reason, event_type.as_deref(), pairs(fields))
    })
}

/// Names and values as they are.
pub(super) fn pairs(fields: Vec<Value>) -> Vec<Field> {
    let mut pairs = Vec::with_capacity(fields.len() / 2);
    let mut fields = fields.into_iter();
    let bytes = |value| match value {
        Value::BulkString(bytes) => bytes.into_boxed_slice(),
        _ => Box::default(),
    };
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        pairs.push((bytes(name), bytes(value)));
    }
    pairs
}
