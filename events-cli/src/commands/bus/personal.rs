//! Event data as JSON, with and without personal data.

use events_core::{AnyEvent, RecordSchema, Schema};
use serde_json::Value;

/// The placeholder for personal data, as in `Debug` output of events.
const REDACTED: &str = "<redacted>";

/// Returns the data of an event as JSON. Includes personal data only if `personal` is set.
pub(super) fn data(event: AnyEvent<'_>, personal: bool) -> Option<Value> {
    let mut data = serde_json::to_value(event).ok()?;
    if !personal {
        redact(&mut data, event.info().schema);
    }
    Some(data)
}

/// Replaces the fields that are marked as personal data.
fn redact(value: &mut Value, schema: &RecordSchema) {
    let Value::Object(object) = value else { return };
    for field in schema.fields {
        if let Some(value) = object.get_mut(field.name) {
            if field.personal {
                *value = Value::from(REDACTED);
            } else {
                redact_inside(value, field.schema);
            }
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
