//! Dead letters as fields of stream entries.
//!
//! The fields of the letter come first, in this order: `dead_group dead_receiver dead_reason dead_error dead_attempts dead_entry
//! dead_at`. The fields of the record follow, as they were published. A malformed entry has three fields instead: `malformed`, the
//! reason; `malformed_type`, the event type if it could be read; and `malformed_fields`, all its fields, packed.

use std::sync::Arc;

use redis::{Cmd, Value};

use events_core::Timestamp;

use super::fields;
use crate::transport::{DeadLetter, DeadReason, EntryId, Field, Malformed};

const NAMES: [&str; 7] = [
    "dead_group",
    "dead_receiver",
    "dead_reason",
    "dead_error",
    "dead_attempts",
    "dead_entry",
    "dead_at",
];
const MALFORMED: [&str; 3] = ["malformed", "malformed_type", "malformed_fields"];

/// Adds the number of arguments of the fields, and the fields.
pub(super) fn add(command: &mut Cmd, letter: &DeadLetter) {
    let mut fields = Cmd::new();
    let values = [
        &*letter.group,
        letter.receiver.as_deref().unwrap_or_default(),
        letter.reason.as_str(),
        &letter.error,
        &letter.attempts.to_string(),
        &letter.entry.to_string(),
        &letter.at.to_string(),
    ];
    for (name, value) in NAMES.into_iter().zip(values) {
        fields.arg(name).arg(value);
    }
    match &letter.record {
        Ok(record) => fields::add_record(&mut fields, record),
        Err(malformed) => {
            fields.arg(MALFORMED[0]).arg(&*malformed.reason);
            fields
                .arg(MALFORMED[1])
                .arg(malformed.event_type.as_deref().unwrap_or_default());
            fields.arg(MALFORMED[2]).arg(pack(&malformed.fields));
        }
    }
    let arguments = fields.args_iter();
    command.arg(arguments.len());
    for argument in arguments {
        if let redis::Arg::Simple(argument) = argument {
            command.arg(argument);
        }
    }
}

/// Reads a dead letter. What another program wrote there becomes one as well, so that it can be seen and removed.
pub(super) fn read(id: EntryId, fields: Vec<Value>) -> DeadLetter {
    match read_own(&fields) {
        Some(mut letter) => {
            let rest = fields.into_iter().skip(2 * NAMES.len()).collect();
            letter.record = read_record(rest);
            letter
        }
        None => DeadLetter::new(
            Arc::from(""),
            DeadReason::Malformed,
            "the entry among the dead letters is not a dead letter",
            id,
            fields::published_at(id),
            Err(Malformed::new(
                "the entry among the dead letters is not a dead letter",
                None,
                fields::pairs(fields),
            )),
        ),
    }
}

fn read_own(fields: &[Value]) -> Option<DeadLetter> {
    let mut texts = NAMES.into_iter().zip(fields.chunks_exact(2));
    let mut next = || match texts.next()? {
        (wanted, [Value::BulkString(name), Value::BulkString(value)])
            if name == wanted.as_bytes() =>
        {
            std::str::from_utf8(value).ok()
        }
        _ => None,
    };
    let group = Arc::from(next()?);
    let receiver = next()?;
    let reason = DeadReason::from_word(next()?)?;
    let error = next()?;
    let attempts = next()?.parse().ok()?;
    let entry = next()?.parse().ok()?;
    let at: Timestamp = next()?.parse().ok()?;
    let nothing = Malformed::new("", None, Vec::new());
    let letter = DeadLetter::new(group, reason, error, entry, at, Err(nothing));
    Some(if receiver.is_empty() {
        DeadLetter { attempts, ..letter }
    } else {
        letter.by_receiver(Arc::from(receiver), attempts)
    })
}

fn read_record(fields: Vec<Value>) -> Result<crate::Record, Malformed> {
    let is_malformed =
        matches!(fields.first(), Some(Value::BulkString(name)) if name == MALFORMED[0].as_bytes());
    if !is_malformed {
        return fields::record(fields);
    }
    let text = |index: usize| match fields.get(index) {
        Some(Value::BulkString(text)) => String::from_utf8_lossy(text),
        _ => "".into(),
    };
    let event_type = text(3);
    let packed: &[u8] = match fields.get(5) {
        Some(Value::BulkString(packed)) => packed,
        _ => &[],
    };
    Err(Malformed::new(
        &*text(1),
        (!event_type.is_empty()).then_some(&*event_type),
        unpack(packed),
    ))
}

fn pack(fields: &[Field]) -> Vec<u8> {
    let pairs = fields
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_ref()));
    fields::pack(pairs)
}

fn unpack(packed: &[u8]) -> Vec<Field> {
    fields::unpack(packed)
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}
