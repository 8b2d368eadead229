//! The recorded payloads of the events that are here, read and written again.

#![expect(
    clippy::unwrap_used,
    clippy::single_match_else,
    reason = "a test; and a record and a scalar weigh the same"
)]

use std::path::PathBuf;

use events_catalog::learning::{
    CourseEnrollmentChanged, CourseEnrollmentCreated, CourseUnenrollmentCompleted,
    SessionLoginCompleted, StudentRegistrationCompleted,
};
use events_core::{Event, registry};
use serde_json::Value;

fn conformance() -> PathBuf {
    let given = std::env::var_os("EVENTS_CONFORMANCE").map(PathBuf::from);
    given.unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance")
    })
}

/// Every recorded payload is read, and gives the same JSON when it is written.
fn check<E: Event>() {
    let path = conformance()
        .join("vectors")
        .join(format!("{}.jsonl", E::INFO.event_type));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = 0;
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let vector: Value = serde_json::from_str(line).unwrap();
        let data = &vector["data"];
        let event: E =
            serde_json::from_value(data.clone()).unwrap_or_else(|error| panic!("{error}: {data}"));
        assert_eq!(serde_json::to_value(&event).unwrap(), *data);
        lines += 1;
    }
    assert!(lines >= 8, "only {lines} lines in {}", path.display());
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_payloads_come_back_as_they_were() {
    check::<StudentRegistrationCompleted>();
    check::<SessionLoginCompleted>();
    check::<CourseEnrollmentCreated>();
    check::<CourseEnrollmentChanged>();
    check::<CourseUnenrollmentCompleted>();
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_identity_and_fields_are_those_of_the_catalog() {
    let text = std::fs::read_to_string(conformance().join("catalog.json")).unwrap();
    let catalog: Value = serde_json::from_str(&text).unwrap();
    let recorded = catalog["events"].as_array().unwrap();
    assert_eq!(registry::signals().len(), 5);
    for signal in registry::signals() {
        let event = signal.event();
        let expected = recorded
            .iter()
            .find(|e| e["event_type"] == event.event_type)
            .expect(event.event_type);
        assert_eq!(expected["name"], signal.info().name);
        assert_eq!(expected["minor_version"], event.minor_version);
        assert_eq!(expected["event_key_field"], Value::from(event.key));
        assert_eq!(
            expected["event_description"], event.doc,
            "the description of {}",
            event.event_type
        );
        assert_eq!(
            signal.info().module,
            format!(
                "events_catalog::{}::signals",
                expected["subdomain"].as_str().unwrap()
            )
        );
        check_fields(event.schema, &expected["data"]);
    }
}

/// The same fields in the same order, optional where the reference's default is `None`.
fn check_fields(record: &events_core::RecordSchema, expected: &Value) {
    let expected = expected.as_array().unwrap();
    let names: Vec<_> = record.fields.iter().map(|field| field.name).collect();
    let expected_names: Vec<_> = expected
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, expected_names, "the fields of {}", record.name);
    for (field, expected) in record.fields.iter().zip(expected) {
        let optional =
            expected["has_default"] == true && expected.get("default") == Some(&Value::Null);
        assert_eq!(
            matches!(field.schema, events_core::Schema::Optional(_)),
            optional,
            "{}",
            field.name
        );
        match field.schema.record() {
            Some(inner) => {
                assert_eq!(expected["class"], inner.name);
                check_fields(inner, &expected["fields"]);
            }
            None => {
                let shown = field.schema.to_string();
                let expected = match expected["kind"].as_str().unwrap() {
                    "int" => "long",
                    "bool" => "boolean",
                    "str" => "string",
                    "datetime" => "string (date-time)",
                    other => &format!("string ({other})"),
                };
                assert_eq!(
                    shown.trim_start_matches("optional "),
                    expected,
                    "{}",
                    field.name
                );
            }
        }
    }
}
