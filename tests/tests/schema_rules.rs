//! The rules by which schemas are compared, with the resolver of `apache-avro` as the oracle.

use apache_avro::Schema as Avro;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use events_core::schema::{AvroSchema, Findings, Rule, compare};
use events_core::{FieldSchema, RecordSchema, Schema, StringFormat};
use proptest::prelude::*;

const EVENT_TYPE: &str = "org.example.rules.schema.compared.v1";

/// Test data is few, and lives as long as the process, as that of the macros does.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn record(name: &'static str, fields: Vec<FieldSchema>) -> &'static RecordSchema {
    leak(RecordSchema::new(name, "", fields.leak()))
}

fn event(fields: Vec<FieldSchema>) -> &'static RecordSchema {
    record("Happened", fields)
}

const fn field(name: &'static str, schema: &'static Schema) -> FieldSchema {
    FieldSchema::new(name, "", schema)
}

const STRING: &Schema = &Schema::String(StringFormat::Text);

/// Types of a depth. No enums: they are texts to Avro, and ours alone to judge.
fn schemas() -> impl Strategy<Value = &'static Schema> {
    let leaf = prop_oneof![
        Just(&Schema::Boolean),
        Just(&Schema::Long),
        Just(&Schema::Double),
        Just(STRING),
        Just(&Schema::Bytes),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_filter("a union has no union inside", |schema| !matches!(
                    schema,
                    Schema::Optional(_)
                ))
                .prop_map(|inner| leak(Schema::Optional(inner))),
            inner.clone().prop_map(|inner| leak(Schema::Array(inner))),
            inner.clone().prop_map(|inner| leak(Schema::Map(inner))),
            records(inner).prop_map(|record| leak(Schema::Record(record))),
        ]
    })
}

fn records(
    inner: impl Strategy<Value = &'static Schema>,
) -> impl Strategy<Value = &'static RecordSchema> {
    prop::collection::vec((0..4usize, inner, any::<bool>()), 0..4).prop_map(|fields| {
        let mut parts: Vec<FieldSchema> = Vec::new();
        for (name, schema, default) in fields {
            let name = ["a", "b", "c", "d"][name];
            if parts.iter().all(|part| part.name != name) {
                let part = field(name, schema);
                parts.push(match (default, schema) {
                    (true, Schema::Long) => part.with_default("0"),
                    (true, Schema::Array(_)) => part.with_default("[]"),
                    _ => part,
                });
            }
        }
        // One name for each shape, so that no two records of an event share one.
        let name = format!("R{}", shape(&parts)).leak();
        record(name, parts)
    })
}

/// A number for the names and types of the fields.
fn shape(fields: &[FieldSchema]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for field in fields {
        field.name.hash(&mut hasher);
        format!("{:?}", field.schema).hash(&mut hasher);
    }
    hasher.finish() % 5
}

fn avro(schema: &RecordSchema) -> Option<Avro> {
    let json = AvroSchema::new(EVENT_TYPE, schema).to_string();
    Avro::parse_str(&json).ok()
}

/// Whether no record is there twice: with two shapes no event has it, and where one schema names a record that the other
/// defines, `apache-avro` 0.22 takes the two for different.
fn is_sound(schema: &RecordSchema) -> bool {
    fn visit(schema: &'static Schema, seen: &mut Vec<&'static RecordSchema>) -> bool {
        match schema {
            Schema::Optional(inner) | Schema::Array(inner) | Schema::Map(inner) => {
                visit(inner, seen)
            }
            Schema::Record(record) => {
                if seen.iter().any(|other| other.name == record.name) {
                    return false;
                }
                seen.push(record);
                record.fields.iter().all(|field| visit(field.schema, seen))
            }
            _ => true,
        }
    }
    let mut seen = Vec::new();
    schema
        .fields
        .iter()
        .all(|field| visit(field.schema, &mut seen))
}

fn breaks_newer(findings: &Findings) -> bool {
    findings
        .as_slice()
        .iter()
        .any(events_core::schema::Finding::breaks_newer_readers)
}

fn breaks_older(findings: &Findings) -> bool {
    findings
        .as_slice()
        .iter()
        .any(events_core::schema::Finding::breaks_older_readers)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_schema_does_not_differ_from_itself(schema in records(schemas())) {
        let findings = compare(schema, schema);
        prop_assert!(findings.is_empty(), "{findings:?}");
    }

    #[test]
    fn findings_break_whom_avro_breaks(old in records(schemas()), new in records(schemas())) {
        prop_assume!(is_sound(old) && is_sound(new));
        let findings = compare(old, new);
        let (Some(writer), Some(reader)) = (avro(old), avro(new)) else {
            return Err(TestCaseError::reject("not a schema to apache-avro"));
        };
        let new_reads_old = SchemaCompatibility::can_read(&writer, &reader);
        let old_reads_new = SchemaCompatibility::can_read(&reader, &writer);
        prop_assert_eq!(
            breaks_newer(&findings), !matches!(new_reads_old, Ok(Compatibility::Full)),
            "{:?}\n{:?}\nold {}\nnew {}", new_reads_old, findings,
            AvroSchema::new(EVENT_TYPE, old), AvroSchema::new(EVENT_TYPE, new)
        );
        prop_assert_eq!(
            breaks_older(&findings), !matches!(old_reads_new, Ok(Compatibility::Full)),
            "{:?}\n{:?}\nold {}\nnew {}", old_reads_new, findings,
            AvroSchema::new(EVENT_TYPE, old), AvroSchema::new(EVENT_TYPE, new)
        );
    }

    #[test]
    fn the_other_direction_breaks_the_others(old in records(schemas()), new in records(schemas())) {
        let (there, back) = (compare(old, new), compare(new, old));
        prop_assert_eq!(breaks_newer(&there), breaks_older(&back));
        prop_assert_eq!(breaks_older(&there), breaks_newer(&back));
        prop_assert_eq!(there.is_empty(), back.is_empty());
    }
}

#[test]
fn every_rule_has_one_id() {
    let mut ids: Vec<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Rule::ALL.len());
}

#[test]
fn more_findings_than_there_is_room_for_are_counted() {
    let names: Vec<_> = (0..50).map(|index| &*format!("f{index}").leak()).collect();
    let old = event(
        names
            .iter()
            .map(|name| field(name, &Schema::Long))
            .collect(),
    );
    let new = event(names.iter().map(|name| field(name, STRING)).collect());
    let findings = compare(old, new);
    assert_eq!((findings.as_slice().len(), findings.more()), (32, 18));
    assert!(findings.are_breaking());
}

#[test]
fn what_breaks_is_found_behind_any_number_of_what_does_not() {
    let names: Vec<_> = (0..50).map(|index| &*format!("f{index}").leak()).collect();
    let optional = leak(Schema::Optional(STRING));
    let mut fields: Vec<_> = names.iter().map(|name| field(name, optional)).collect();
    fields.push(field("total", STRING));
    let old = event(vec![field("total", &Schema::Long)]);
    let findings = compare(old, event(fields));
    assert_eq!((findings.as_slice().len(), findings.more()), (32, 19));
    assert!(findings.are_breaking());
    let paths: Vec<_> = findings
        .as_slice()
        .iter()
        .filter(|finding| finding.is_breaking())
        .map(events_core::schema::Finding::path)
        .collect();
    assert_eq!(paths, ["total"]);
}

#[test]
fn a_long_path_is_cut_and_says_so() {
    let mut schema = &Schema::Long;
    let mut other = STRING;
    for index in 0..40 {
        let name = format!("a_rather_long_name_{index}").leak();
        schema = leak(Schema::Record(record("R", vec![field(name, schema)])));
        other = leak(Schema::Record(record("R", vec![field(name, other)])));
    }
    let findings = compare(
        event(vec![field("a", schema)]),
        event(vec![field("a", other)]),
    );
    let path = findings.as_slice().first().unwrap().path();
    assert!(path.ends_with('…') && path.len() <= 160, "{path}");
}
