//! The codec against another implementation of Avro, `apache-avro`, over schemas and values that proptest makes up; and
//! resolution against its resolution.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeMap;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use events_bus::wire::{self, Layouts};
use events_core::schema::KeptSchema;
use events_core::{EventData, RecordSchema, Schema};
use proptest::prelude::*;
use support::shapes::{Node, Shape, nodes, shapes};

fn parse(shape: &Shape) -> apache_avro::Schema {
    apache_avro::Schema::parse_str(&shape.avro(&mut 0).to_string()).unwrap()
}

fn shapes_with_nodes() -> impl Strategy<Value = (Shape, Node)> {
    shapes().prop_flat_map(|shape| {
        let node = nodes(&shape);
        (Just(shape), node)
    })
}

fn record(schema: &'static Schema) -> &'static RecordSchema {
    match schema {
        Schema::Record(record) => record,
        other => panic!("{other} is no record"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bodies_are_those_of_another_implementation((shape, node) in shapes_with_nodes()) {
        let (schema, oracle) = (record(shape.schema()), parse(&shape));
        let writer = GenericDatumWriter::builder(&oracle).build().unwrap();
        let reader = GenericDatumReader::builder(&oracle).build().unwrap();

        let ours = wire::encode(&node).unwrap();
        let theirs = writer.write_value_to_vec(node.avro()).unwrap();
        if node.has_one_order() {
            prop_assert_eq!(&ours, &theirs);
        }
        let mut rest = ours.as_slice();
        prop_assert_eq!(reader.read_value(&mut rest).unwrap(), node.avro());
        prop_assert!(rest.is_empty());

        // The dynamic way, of both bodies.
        prop_assert_eq!(wire::to_json(&ours, schema).unwrap(), node.json());
        prop_assert_eq!(wire::to_json(&theirs, schema).unwrap(), node.json());
        prop_assert_eq!(wire::from_json(&node.json(), schema).unwrap(), ours.clone());

        // Neither a part of it nor more than it.
        let layouts = Layouts::new("test", 0, schema, &[]);
        prop_assert!(layouts.recognise(&ours, 0).is_ok());
        for cut in [1, 2, ours.len() / 2] {
            if let Some(length) = ours.len().checked_sub(cut).filter(|length| *length < ours.len()) {
                prop_assert!(layouts.recognise(&ours[..length], 0).is_err());
            }
        }
        prop_assert!(layouts.recognise(&[&*ours, &[0]].concat(), 0).is_err());
    }
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Inner {
    a: bool,
    b: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Reader {
    id: i64,
    ratio: f64,
    name: String,
    note: Option<String>,
    tags: Vec<Option<f64>>,
    #[event_data(default = 7)]
    rank: i64,
    counts: BTreeMap<String, Inner>,
    inner: Option<Inner>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Gone {
    x: Vec<f64>,
    y: BTreeMap<String, Option<Vec<String>>>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "Inner")]
struct OldInner {
    c: String,
    b: i64,
    a: bool,
}

/// Another order, fewer and more fields, other types.
#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "Reader")]
struct Writer {
    gone: Gone,
    name: String,
    ratio: i64,
    counts: BTreeMap<String, OldInner>,
    note: String,
    id: i64,
    also_gone: Option<Gone>,
    tags: Vec<i64>,
}

fn inners() -> impl Strategy<Value = OldInner> {
    (".{0,3}", any::<i64>(), any::<bool>()).prop_map(|(c, b, a)| OldInner { c, b, a })
}

fn gone() -> impl Strategy<Value = Gone> {
    let values = prop::option::of(prop::collection::vec(".{0,3}", 0..3));
    let y = prop::collection::btree_map(".{0,3}", values, 0..3);
    (prop::collection::vec(any::<f64>(), 0..3), y).prop_map(|(x, y)| Gone { x, y })
}

fn writers() -> impl Strategy<Value = Writer> {
    (
        gone(),
        ".{0,9}",
        any::<i64>(),
        prop::collection::btree_map(".{0,3}", inners(), 0..3),
        ".{0,9}",
        any::<i64>(),
        prop::option::of(gone()),
        prop::collection::vec(any::<i64>(), 0..3),
    )
        .prop_map(
            |(gone, name, ratio, counts, note, id, also_gone, tags)| Writer {
                gone,
                name,
                ratio,
                counts,
                note,
                id,
                also_gone,
                tags,
            },
        )
}

proptest! {
    #[test]
    fn another_layout_is_resolved_as_another_implementation_does(written in writers()) {
        let (reader, writer) = (record(Reader::SCHEMA), record(Writer::SCHEMA));
        let kept = vec![KeptSchema::new(0, None, "writer.avsc", writer)].leak();
        let layouts = Layouts::new("test", 1, reader, kept);
        let body = wire::encode(&written).unwrap();
        let read: Reader = layouts.decode(&body, 0).unwrap();

        let parse = |schema| {
            let json = events_core::schema::AvroSchema::new("org.example.test.v1", schema);
            apache_avro::Schema::parse_str(&json.to_string()).unwrap()
        };
        let (reader, writer) = (parse(reader), parse(writer));
        let resolved = GenericDatumReader::builder(&writer)
            .reader_schema(&reader)
            .build()
            .unwrap()
            .read_value(&mut body.as_slice())
            .unwrap();
        let theirs: Reader = apache_avro::from_value(&resolved).unwrap();
        prop_assert_eq!(&read, &theirs);
        prop_assert_eq!(read.rank, 7);
        prop_assert_eq!(read.inner, None);
    }
}
