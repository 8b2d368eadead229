//! Whether two schemas are one layout.

use super::contract::KeptSchema;
use super::model::{RecordSchema, Schema};
use super::text::equal;

/// Which schema files say nothing new of how an event is laid out: that of the struct, or of a schema file before them,
/// is the [same layout](same_layout). As bits, the first schema file the lowest; one beyond the 64th counts as new.
pub const fn repeated_layouts(schema: &RecordSchema, kept: &[KeptSchema]) -> u64 {
    let mut repeated = 0;
    let mut index = 0;
    while index < kept.len() && index < 64 {
        let mut is_repeated = same_layout(schema, kept[index].schema);
        let mut before = 0;
        while before < index && !is_repeated {
            is_repeated = same_layout(kept[before].schema, kept[index].schema);
            before += 1;
        }
        if is_repeated {
            repeated |= 1 << index;
        }
        index += 1;
    }
    repeated
}

/// Whether the two schemas have the same fields of the same types in the same order, so that bodies of the one are
/// bodies of the other, with the same meaning. Names of records, defaults and what texts mean make no difference on the
/// wire.
pub const fn same_layout(a: &RecordSchema, b: &RecordSchema) -> bool {
    if a.fields.len() != b.fields.len() {
        return false;
    }
    let mut index = 0;
    while index < a.fields.len() {
        let (a, b) = (&a.fields[index], &b.fields[index]);
        if !equal(a.name, b.name) || !same_type(a.schema, b.schema) {
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
