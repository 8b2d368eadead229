//! Types in words, written during constant evaluation.

use super::model::{EnumSchema, Schema};
use super::text::Text;

/// A type, as a person reads it.
pub(super) const fn described(schema: &Schema) -> Text<120> {
    let mut text = Text::new();
    describe(&mut text, schema);
    text
}

/// An enum, as a person reads it.
pub(super) const fn enumerated(list: &EnumSchema) -> Text<120> {
    let mut text = Text::new();
    describe_enum(&mut text, list);
    text
}

const fn describe(text: &mut Text<120>, schema: &Schema) {
    match schema {
        Schema::Boolean => text.push("boolean"),
        Schema::Long => text.push("long"),
        Schema::Double => text.push("double"),
        Schema::String(_) => text.push("string"),
        Schema::Bytes => text.push("bytes"),
        Schema::Optional(inner) => {
            text.push("optional ");
            describe(text, inner);
        }
        Schema::Array(inner) => {
            text.push("array of ");
            describe(text, inner);
        }
        Schema::Map(inner) => {
            text.push("map of ");
            describe(text, inner);
        }
        Schema::Record(record) => {
            text.push("record ");
            text.push(record.name);
        }
        Schema::Enum(list) => describe_enum(text, list),
        Schema::Foreign(json) => text.push(json),
    }
}

const fn describe_enum(text: &mut Text<120>, list: &EnumSchema) {
    text.push("one of ");
    let mut index = 0;
    while index < list.variants.len() {
        if index > 0 {
            text.push(", ");
        }
        text.push(list.variants[index]);
        index += 1;
    }
    if list.open {
        text.push(" or unknown");
    }
}
