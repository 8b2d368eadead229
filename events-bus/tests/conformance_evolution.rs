//! Bodies of the reference's own past: `evolution.jsonl`, written with its stored schemas and with those of today. What
//! the reference loses or misreads is recognised and resolved here, as its own schema resolution would.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use events_bus::wire::{DecodeErrorKind, Layouts};
use events_catalog::content_authoring::{
    XBlockCreated, XBlockDeleted, XBlockDuplicated, XBlockPublished, XBlockUpdated,
};
use events_catalog::learning::CourseDiscussionsChanged;
use events_core::schema::KeptSchema;
use events_core::{Event, EventData, RecordSchema, Schema};
use serde_json::Value;
use support::{avsc, conformance, hex, lines, text, untyped};

/// `XBlockData` before it had a version.
#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "XBlockData")]
struct OldXBlockData {
    usage_key: String,
    block_type: String,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct OldXBlock {
    xblock_info: OldXBlockData,
}

/// `DuplicatedXBlockData` before it had a version.
#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "DuplicatedXBlockData")]
struct OldDuplicatedXBlockData {
    usage_key: String,
    block_type: String,
    source_usage_key: String,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct OldDuplicatedXBlock {
    xblock_info: OldDuplicatedXBlockData,
}

/// The schema that the reference stored, as a former layout.
fn stored(event_type: &str) -> &'static [KeptSchema] {
    let file = conformance()
        .join("historic_schemas")
        .join(format!("{event_type}.avsc"));
    let schema = avsc::event(&std::fs::read_to_string(file).unwrap());
    kept(schema, "stored.avsc")
}

fn kept(schema: &'static RecordSchema, file: &'static str) -> &'static [KeptSchema] {
    vec![KeptSchema::new(0, Some("before-version"), file, schema)].leak()
}

fn record<T: EventData>() -> &'static RecordSchema {
    match T::SCHEMA {
        Schema::Record(record) => record,
        other => panic!("{other} is no record"),
    }
}

/// The body as read by the type, as JSON.
fn read<T: EventData>(layouts: &Layouts, body: &[u8], minor_version: i64) -> Value {
    let event: T = layouts
        .decode(body, minor_version)
        .unwrap_or_else(|error| panic!("{error}"));
    serde_json::to_value(event).unwrap()
}

/// A body that must be refused, or else be what it is.
fn refused_or<T: EventData>(layouts: &Layouts, body: &[u8], truth: &Value) -> bool {
    match layouts.decode::<T>(body, 0) {
        Ok(event) => {
            assert_eq!(&serde_json::to_value(event).unwrap(), truth);
            false
        }
        Err(error) => {
            assert_eq!(error.kind(), DecodeErrorKind::NoLayout, "{error}");
            true
        }
    }
}

/// One line: an event as it is, and its data as they were.
fn line<E: Event, Old: EventData>(line: &Value, changed: bool) {
    let (old, new) = (hex(line, "old_avro_hex"), hex(line, "new_avro_hex"));
    let event_type = E::INFO.event_type;
    let stored = stored(event_type);
    let live = Layouts::new(event_type, 0, E::INFO.schema, stored);
    let live_truth = &line["old_bytes_resolved_to_live_schema"]["ok"];
    // The metadata do not help: the layout changed and the minor version did not.
    for minor_version in [0, 1, 12, -1] {
        assert_eq!(&read::<E>(&live, &old, minor_version), live_truth);
        assert_eq!(read::<E>(&live, &new, minor_version), line["new_data"]);
    }
    assert_eq!(
        live.recognise(&old, 0).unwrap().file,
        changed.then_some("stored.avsc")
    );
    assert_eq!(live.recognise(&new, 0).unwrap().file, None);

    // A service of then that knows what came later.
    let later = Layouts::new(
        event_type,
        0,
        record::<Old>(),
        kept(E::INFO.schema, "later.avsc"),
    );
    let old_truth = &line["new_bytes_resolved_to_old_schema"]["ok"];
    assert_eq!(&read::<Old>(&later, &new, 0), old_truth);
    assert_eq!(read::<Old>(&later, &old, 0), line["old_data"]);

    // Services that know only one of the two: what the reference misreads is refused.
    let only_live = Layouts::new(event_type, 0, E::INFO.schema, &[]);
    let only_old = Layouts::new(event_type, 0, record::<Old>(), &[]);
    assert_eq!(refused_or::<E>(&only_live, &old, live_truth), changed);
    assert_eq!(refused_or::<Old>(&only_old, &new, old_truth), changed);
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_every_line_of_evolution_is_resolved_or_refused() {
    let lines = lines("evolution.jsonl");
    assert!(!lines.is_empty(), "no line was recorded");
    for recorded in lines {
        match text(&recorded, "event_type") {
            "org.openedx.content_authoring.xblock.created.v1" => {
                line::<XBlockCreated, OldXBlock>(&recorded, true);
            }
            "org.openedx.content_authoring.xblock.updated.v1" => {
                line::<XBlockUpdated, OldXBlock>(&recorded, true);
            }
            "org.openedx.content_authoring.xblock.published.v1" => {
                line::<XBlockPublished, OldXBlock>(&recorded, true);
            }
            "org.openedx.content_authoring.xblock.deleted.v1" => {
                line::<XBlockDeleted, OldXBlock>(&recorded, true);
            }
            "org.openedx.content_authoring.xblock.duplicated.v1" => {
                line::<XBlockDuplicated, OldDuplicatedXBlock>(&recorded, true);
            }
            // Only a default changed, which is not on the wire.
            "org.openedx.learning.discussions.configuration.changed.v1" => {
                line::<CourseDiscussionsChanged, CourseDiscussionsChanged>(&recorded, false);
            }
            other => panic!("{other} has changed, too: add it here"),
        }
    }
}

/// The catalog keeps those layouts, so that services need do nothing; and neither need who does not know the type.
#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_the_catalog_reads_the_bodies_of_its_past() {
    fn check<E: Event>(recorded: &Value) {
        for minor_version in [0, 1, 12, -1] {
            let read = |field| {
                let event: E = untyped::decode(&hex(recorded, field), minor_version)
                    .unwrap_or_else(|error| panic!("{error}"));
                serde_json::to_value(event).unwrap()
            };
            assert_eq!(
                read("old_avro_hex"),
                recorded["old_bytes_resolved_to_live_schema"]["ok"]
            );
            assert_eq!(read("new_avro_hex"), recorded["new_data"]);
        }
    }
    for recorded in lines("evolution.jsonl") {
        match text(&recorded, "event_type") {
            "org.openedx.content_authoring.xblock.created.v1" => check::<XBlockCreated>(&recorded),
            "org.openedx.content_authoring.xblock.updated.v1" => check::<XBlockUpdated>(&recorded),
            "org.openedx.content_authoring.xblock.published.v1" => {
                check::<XBlockPublished>(&recorded);
            }
            "org.openedx.content_authoring.xblock.deleted.v1" => check::<XBlockDeleted>(&recorded),
            "org.openedx.content_authoring.xblock.duplicated.v1" => {
                check::<XBlockDuplicated>(&recorded);
            }
            _ => check::<CourseDiscussionsChanged>(&recorded),
        }
    }
}
