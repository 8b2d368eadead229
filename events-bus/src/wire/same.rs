//! Whether two schemas are one layout.

use events_core::{RecordSchema, Schema};

/// Whether bodies of the two schemas are the same bytes with the same meaning: the same fields of the same types in the
/// same order. Names of records, defaults and what texts mean make no difference on the wire.
pub(super) const fn same_layout(a: &RecordSchema, b: &RecordSchema) -> bool {
    if a.fields.len() != b.fields.len() {
        return false;
    }
    let mut index = 0;
    while index < a.fields.len() {
        let (a, b) = (&a.fields[index], &b.fields[index]);
        if !same_text(a.name, b.name) || !same_type(a.schema, b.schema) {
            return false;
        }
        index += 1;
    }
    true
}

const fn same_type(a: &Schema, b: &Schema) -> bool {
    match (a, b) {
        (Schema::Boolean, Schema::Boolean)
        | (Schema::Long, Schema::Long)
        | (Schema::Double, Schema::Double)
        | (Schema::Bytes, Schema::Bytes)
        | (Schema::String(_) | Schema::Enum(_), Schema::String(_) | Schema::Enum(_)) => true,
        (Schema::Optional(a), Schema::Optional(b))
        | (Schema::Array(a), Schema::Array(b))
        | (Schema::Map(a), Schema::Map(b)) => same_type(a, b),
        (Schema::Record(a), Schema::Record(b)) => same_layout(a, b),
        // A type that cannot be read is like no other.
        _ => false,
    }
}

const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}
