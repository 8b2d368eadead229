//! Defaults, which are not on the wire.

use core::fmt;

use super::same::same_json;
use crate::schema::model::{FieldSchema, RecordSchema, Schema};

/// A field that two schemas give different defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefaultChange {
    /// Where.
    pub path: String,
    /// The default in the older schema, as JSON.
    pub before: Option<&'static str>,
    /// The default in the newer schema, as JSON.
    pub after: Option<&'static str>,
}

/// `` `enabled` had true and has none ``.
impl fmt::Display for DefaultChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |default: Option<&'static str>| default.unwrap_or("none");
        write!(
            f,
            "`{}` had {} and has {}",
            self.path,
            show(self.before),
            show(self.after)
        )
    }
}

/// The defaults that differ, of fields that both schemas have.
///
/// [`compare`](crate::schema::compare) leaves them out: a default is not on the wire, and matters only to readers of a
/// schema without the field.
pub fn compare_defaults(old: &RecordSchema, new: &RecordSchema) -> Vec<DefaultChange> {
    let mut found = Vec::new();
    walk(old, new, "", &mut found);
    found
}

fn walk(old: &RecordSchema, new: &RecordSchema, path: &str, found: &mut Vec<DefaultChange>) {
    for field in old.fields {
        let Some(other) = new.fields.iter().find(|other| other.name == field.name) else {
            continue;
        };
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", field.name);
        let (before, after) = (default(field), default(other));
        if !same_json(before, after) {
            found.push(DefaultChange {
                path: path.clone(),
                before,
                after,
            });
        }
        if let (Some(old), Some(new)) = (field.schema.record(), other.schema.record()) {
            walk(old, new, &path, found);
        }
    }
}

/// That of an optional field is `null`, whatever stands there.
fn default(field: &FieldSchema) -> Option<&'static str> {
    match field.schema {
        Schema::Optional(_) => Some("null"),
        _ => field.default,
    }
}
