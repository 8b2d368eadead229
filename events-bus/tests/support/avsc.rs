//! Schemas from Avro JSON, independent of how the macros read it.

use std::collections::BTreeMap;

use events_core::{FieldSchema, RecordSchema, Schema, StringFormat};
use serde_json::Value;

/// The schema of an event. It is never freed.
pub fn event(json: &str) -> &'static RecordSchema {
    let json: Value = serde_json::from_str(json).unwrap();
    let mut records = BTreeMap::new();
    match schema(&json, &mut records) {
        Schema::Record(record) => record,
        other => panic!("{other} is no record"),
    }
}

/// Records by name, for those that are only named when they come again.
type Records = BTreeMap<String, &'static Schema>;

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn schema(json: &Value, records: &mut Records) -> &'static Schema {
    match json {
        Value::String(name) => named(name, records),
        Value::Array(branches) => {
            let [null, inner] = branches.as_slice() else {
                panic!("a union of {} branches", branches.len())
            };
            assert_eq!(null, "null");
            leak(Schema::Optional(schema(inner, records)))
        }
        Value::Object(object) => match object["type"].as_str().unwrap() {
            "array" => leak(Schema::Array(schema(&object["items"], records))),
            "map" => leak(Schema::Map(schema(&object["values"], records))),
            "record" => record(json, records),
            name => named(name, records),
        },
        other => panic!("{other}"),
    }
}

fn named(name: &str, records: &Records) -> &'static Schema {
    match name {
        "boolean" => &Schema::Boolean,
        "long" => &Schema::Long,
        "double" => &Schema::Double,
        "string" => &Schema::String(StringFormat::Text),
        "bytes" => &Schema::Bytes,
        name => records[name],
    }
}

fn record(json: &Value, records: &mut Records) -> &'static Schema {
    let name: &'static str = json["name"].as_str().unwrap().to_owned().leak();
    let fields = json["fields"].as_array().unwrap().iter();
    let fields: Vec<_> = fields
        .map(|field| {
            let name: &'static str = field["name"].as_str().unwrap().to_owned().leak();
            let field_schema = FieldSchema::new(name, "", schema(&field["type"], records));
            match field.get("default") {
                Some(default) => field_schema.with_default(default.to_string().leak()),
                None => field_schema,
            }
        })
        .collect();
    let record = leak(Schema::Record(leak(RecordSchema::new(
        name,
        "",
        fields.leak(),
    ))));
    records.insert(name.to_owned(), record);
    record
}
