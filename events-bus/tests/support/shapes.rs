//! Schemas and values made up by proptest, in the three forms that are compared.

use std::collections::{BTreeMap, HashMap};

use apache_avro::types::Value as Avro;
use events_core::{FieldSchema, RecordSchema, Schema, StringFormat};
use proptest::prelude::*;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::{Value as Json, json};

/// What a schema is made of.
#[derive(Debug, Clone)]
pub enum Shape {
    Boolean,
    Long,
    Double,
    Text,
    Bytes,
    Optional(Box<Self>),
    List(Box<Self>),
    Map(Box<Self>),
    /// The names of the fields are `f0`, `f1` and so on.
    Record(Vec<Self>),
}

/// What a value is made of.
#[derive(Debug, Clone)]
pub enum Node {
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Null,
    Some(Box<Self>),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
    Record(Vec<Self>),
}

pub const NAMES: [&str; 6] = ["f0", "f1", "f2", "f3", "f4", "f5"];

pub fn shapes() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Boolean),
        Just(Shape::Long),
        Just(Shape::Double),
        Just(Shape::Text),
        Just(Shape::Bytes),
    ];
    let inner = leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            inner.clone().prop_map(|shape| match shape {
                Shape::Optional(_) => shape,
                shape => Shape::Optional(Box::new(shape)),
            }),
            inner.clone().prop_map(|shape| Shape::List(Box::new(shape))),
            inner.clone().prop_map(|shape| Shape::Map(Box::new(shape))),
            prop::collection::vec(inner, 0..5).prop_map(Shape::Record),
        ]
    });
    prop::collection::vec(inner, 1..6).prop_map(Shape::Record)
}

pub fn nodes(shape: &Shape) -> BoxedStrategy<Node> {
    match shape {
        Shape::Boolean => any::<bool>().prop_map(Node::Boolean).boxed(),
        Shape::Long => prop_oneof![any::<i64>(), -70..70_i64]
            .prop_map(Node::Long)
            .boxed(),
        Shape::Double => prop_oneof![
            prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL,
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
        ]
        .prop_map(Node::Double)
        .boxed(),
        Shape::Text => prop_oneof![".{0,9}", "[a-z]{60,70}", "[a-z]{8190,8194}"]
            .prop_map(Node::Text)
            .boxed(),
        Shape::Bytes => prop::collection::vec(any::<u8>(), 0..9)
            .prop_map(Node::Bytes)
            .boxed(),
        Shape::Optional(inner) => prop_oneof![
            Just(Node::Null),
            nodes(inner).prop_map(|node| Node::Some(Box::new(node))),
        ]
        .boxed(),
        Shape::List(items) => prop::collection::vec(nodes(items), 0..4)
            .prop_map(Node::List)
            .boxed(),
        Shape::Map(values) => prop::collection::btree_map(".{0,4}", nodes(values), 0..4)
            .prop_map(Node::Map)
            .boxed(),
        Shape::Record(fields) => fields
            .iter()
            .map(nodes)
            .collect::<Vec<_>>()
            .prop_map(Node::Record)
            .boxed(),
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

impl Shape {
    /// Never freed.
    pub fn schema(&self) -> &'static Schema {
        leak(match self {
            Self::Boolean => Schema::Boolean,
            Self::Long => Schema::Long,
            Self::Double => Schema::Double,
            Self::Text => Schema::String(StringFormat::Text),
            Self::Bytes => Schema::Bytes,
            Self::Optional(inner) => Schema::Optional(inner.schema()),
            Self::List(items) => Schema::Array(items.schema()),
            Self::Map(values) => Schema::Map(values.schema()),
            Self::Record(fields) => {
                let fields = NAMES.iter().zip(fields);
                let fields: Vec<_> = fields
                    .map(|(name, shape)| FieldSchema::new(name, "", shape.schema()))
                    .collect();
                Schema::Record(leak(RecordSchema::new("R", "", fields.leak())))
            }
        })
    }

    /// As Avro JSON; each record has a name of its own.
    pub fn avro(&self, records: &mut usize) -> Json {
        match self {
            Self::Boolean => json!("boolean"),
            Self::Long => json!("long"),
            Self::Double => json!("double"),
            Self::Text => json!("string"),
            Self::Bytes => json!("bytes"),
            Self::Optional(inner) => json!(["null", inner.avro(records)]),
            Self::List(items) => json!({ "type": "array", "items": items.avro(records) }),
            Self::Map(values) => json!({ "type": "map", "values": values.avro(records) }),
            Self::Record(fields) => {
                *records += 1;
                let name = format!("R{records}");
                let fields: Vec<_> = NAMES
                    .iter()
                    .zip(fields)
                    .map(|(name, shape)| json!({ "name": name, "type": shape.avro(records) }))
                    .collect();
                json!({ "type": "record", "name": name, "fields": fields })
            }
        }
    }
}

impl Node {
    pub fn avro(&self) -> Avro {
        match self {
            Self::Boolean(value) => Avro::Boolean(*value),
            Self::Long(value) => Avro::Long(*value),
            Self::Double(value) => Avro::Double(*value),
            Self::Text(text) => Avro::String(text.clone()),
            Self::Bytes(bytes) => Avro::Bytes(bytes.clone()),
            Self::Null => Avro::Union(0, Box::new(Avro::Null)),
            Self::Some(inner) => Avro::Union(1, Box::new(inner.avro())),
            Self::List(items) => Avro::Array(items.iter().map(Self::avro).collect()),
            Self::Map(entries) => Avro::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.avro()))
                    .collect::<HashMap<_, _>>(),
            ),
            Self::Record(fields) => Avro::Record(
                NAMES
                    .iter()
                    .zip(fields)
                    .map(|(name, value)| ((*name).to_owned(), value.avro()))
                    .collect(),
            ),
        }
    }

    pub fn json(&self) -> Json {
        match self {
            Self::Boolean(value) => json!(value),
            Self::Long(value) => json!(value),
            Self::Double(value) if value.is_infinite() && *value > 0.0 => json!("Infinity"),
            Self::Double(value) if value.is_infinite() => json!("-Infinity"),
            Self::Double(value) => json!(value),
            Self::Text(text) => json!(text),
            Self::Bytes(bytes) => json!(bytes),
            Self::Null => Json::Null,
            Self::Some(inner) => inner.json(),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.json()))
                .collect(),
            Self::Record(fields) => NAMES
                .iter()
                .zip(fields)
                .map(|(name, value)| ((*name).to_owned(), value.json()))
                .collect(),
        }
    }

    /// Whether no map has a second entry: the oracle writes those in any order.
    pub fn has_one_order(&self) -> bool {
        match self {
            Self::Some(inner) => inner.has_one_order(),
            Self::List(items) | Self::Record(items) => items.iter().all(Self::has_one_order),
            Self::Map(entries) => entries.len() < 2 && entries.values().all(Self::has_one_order),
            _ => true,
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Long(value) => serializer.serialize_i64(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            // Not as text at once: `collect_str` has to be right, too.
            Self::Text(text) if text.len() % 2 == 0 => serializer.collect_str(text),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Null => serializer.serialize_none(),
            Self::Some(inner) => serializer.serialize_some(inner),
            Self::List(items) => serializer.collect_seq(items),
            // Without its length, which is allowed.
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(None)?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::Record(fields) => {
                let mut record = serializer.serialize_struct("R", fields.len())?;
                for (name, value) in NAMES.iter().zip(fields) {
                    record.serialize_field(name, value)?;
                }
                record.end()
            }
        }
    }
}
