//! Records as fields of stream entries, the way `edx-event-bus-redis` 1.0.0 writes and reads them.
//!
//! Its fields come first, in its order: `type id source time minorversion sourcehost sourcelib event_data`. Those that it does not know
//! follow. It passes over them.
//!
//! Packed fields are names and values in turn, each behind its length in four bytes, the highest first.

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

/// Reads an entry of a list of the server: its id and its fields, or `None` if the entry is gone.
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

/// Reads the entries of a list that exist.
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

/// Returns the time of the server's clock at which it took the entry.
pub(super) fn published_at(id: EntryId) -> Timestamp {
    let micros = i64::try_from(id.major())
        .ok()
        .and_then(|ms| ms.checked_mul(1000));
    // Ids that somebody gave by hand may be any.
    micros
        .and_then(Timestamp::from_micros)
        .unwrap_or(Timestamp::MAX)
}

/// Reads a record from names and values in turn.
pub(super) fn record(fields: Vec<Value>) -> Result<Record, Malformed> {
    record_after(fields, &mut Senders::default())
}

fn record_after(fields: Vec<Value>, senders: &mut Senders) -> Result<Record, Malformed> {
    let texts = fields.chunks_exact(2).map(|pair| match pair {
        [Value::BulkString(name), Value::BulkString(value)] => Some((&**name, &**value)),
        _ => None,
    });
    read(texts, senders).map_err(|(reason, event_type)| {
        Malformed::new(reason, event_type.as_deref(), pairs(fields))
    })
}

/// Reads a record from names and values. An error has the reason and the event type, if that could be read.
fn read<'a>(
    fields: impl Iterator<Item = Option<(&'a [u8], &'a [u8])>>,
    senders: &mut Senders,
) -> Result<Record, (String, Option<String>)> {
    let mut body = None;
    let mut headers = Headers::default();
    let mut problem = None;
    for field in fields {
        let Some((name, value)) = field else {
            problem.get_or_insert_with(|| "it has a field that is not a text".to_owned());
            continue;
        };
        if name == BODY.as_bytes() {
            body = Some(value);
        } else if let Err(error) = headers.set(name, value) {
            problem.get_or_insert_with(|| error.to_string());
        }
    }
    let event_type = headers.event_type();
    let event_type_text = || event_type.map(str::to_owned);
    match (problem, body) {
        (Some(problem), _) => Err((problem, event_type_text())),
        (None, None) => Err((format!("it has no field `{BODY}`"), event_type_text())),
        (None, Some(body)) => headers
            .into_record_after(Arc::from(body), senders)
            .map_err(|error| (error.to_string(), event_type_text())),
    }
}

/// Returns names and values as they are.
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

/// Packs the fields of a record.
pub(super) fn pack_record(record: &Record) -> Vec<u8> {
    let mut packed = Vec::with_capacity(record.size() + 512);
    headers::write(record, |name, value| {
        pack_pair(&mut packed, name.as_bytes(), value.as_bytes());
    });
    pack_pair(&mut packed, BODY.as_bytes(), &record.body);
    packed
}

/// Reads a record from packed fields.
pub(super) fn unpack_record(packed: &[u8]) -> Result<Record, Malformed> {
    read(unpack(packed).map(Some), &mut Senders::default()).map_err(|(reason, event_type)| {
        let fields = unpack(packed).map(|(name, value)| (name.into(), value.into()));
        Malformed::new(reason, event_type.as_deref(), fields.collect())
    })
}

pub(super) fn pack<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut packed = Vec::new();
    for (name, value) in fields {
        pack_pair(&mut packed, name, value);
    }
    packed
}

fn pack_pair(packed: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [name, value] {
        // The server takes no field of 4 GiB.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        packed.extend_from_slice(&length.to_be_bytes());
        packed.extend_from_slice(part);
    }
}

/// Reads packed fields up to the first that is damaged.
pub(super) fn unpack(mut packed: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut part = move || -> Option<&[u8]> {
        let (length, rest) = packed.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (part, rest) = rest.split_at_checked(length)?;
        packed = rest;
        Some(part)
    };
    std::iter::from_fn(move || part().zip(part()))
}
