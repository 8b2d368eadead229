//! Whether two schemas are one, whoever read them.

use serde_json::Value as Json;

use crate::schema::model::{RecordSchema, Schema};

/// Whether two readings of a file are of the same text. What is kept as JSON is compared as JSON: a feature of `serde_json`
/// may have the macros write the members of objects in another order.
pub(super) fn same_record(a: &RecordSchema, b: &RecordSchema) -> bool {
    a.name == b.name
        && a.fields.len() == b.fields.len()
        && a.fields.iter().zip(b.fields).all(|(a, b)| {
            a.name == b.name && same_json(a.default, b.default) && same_schema(a.schema, b.schema)
        })
}

fn same_schema(a: &Schema, b: &Schema) -> bool {
    match (a, b) {
        (Schema::Optional(a), Schema::Optional(b))
        | (Schema::Array(a), Schema::Array(b))
        | (Schema::Map(a), Schema::Map(b)) => same_schema(a, b),
        (Schema::Record(a), Schema::Record(b)) => same_record(a, b),
        (Schema::Foreign(a), Schema::Foreign(b)) => same_json(Some(a), Some(b)),
        (a, b) => a == b,
    }
}

/// Whether two texts are the same JSON.
pub(super) fn same_json(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || parsed(a).is_some_and(|a| parsed(b) == Some(a)),
        (a, b) => a == b,
    }
}

fn parsed(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}
