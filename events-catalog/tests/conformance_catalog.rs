//! The events that are here, compared with the recorded catalog of the reference: all of them, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

// Linked for its signals alone.
use events_catalog as _;
use events_core::{AnySignal, RecordSchema, Schema, registry};
use serde_json::Value;
use support::{catalog, none, text};

/// Where the reference's annotation names a field that is not there, and the key that is meant.
const CORRECTED_KEYS: [(&str, &str); 4] = [
    ("COURSE_IMPORT_COMPLETED", "course.course_key"),
    ("COURSE_RERUN_COMPLETED", "course.course_key"),
    ("ROLE_ASSIGNMENT_CREATED", "role_assignment.subject"),
    ("ROLE_ASSIGNMENT_DELETED", "role_assignment.subject"),
];

/// The signals of this catalog by name. No other crate's are linked into this test.
fn signals() -> BTreeMap<&'static str, &'static dyn AnySignal> {
    let signals = registry::signals().iter();
    signals
        .map(|signal| (signal.info().name, *signal))
        .collect()
}

/// Each recorded event with the signal of its name; those without one are for another test to report.
fn pairs(catalog: &Value) -> Vec<(&Value, &'static dyn AnySignal)> {
    let signals = signals();
    let recorded = catalog["events"].as_array().unwrap();
    let pair = |event| Some((event, *signals.get(text(event, "name"))?));
    let pairs: Vec<_> = recorded.iter().filter_map(pair).collect();
    assert!(!pairs.is_empty(), "no signal is linked");
    pairs
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_the_same_events_are_here() {
    let catalog = catalog();
    let recorded: Vec<_> = catalog["events"].as_array().unwrap().iter().collect();
    assert!(!recorded.is_empty(), "no event was recorded");
    let expected: BTreeSet<_> = recorded.iter().map(|event| text(event, "name")).collect();
    let here: BTreeSet<_> = signals().into_keys().collect();
    let missing = expected.difference(&here);
    let extra = here.difference(&expected);
    let mut problems: Vec<_> = missing.map(|name| format!("{name} is missing")).collect();
    problems.extend(extra.map(|name| format!("{name} is not in the reference")));
    if registry::signals().len() != recorded.len() {
        problems.push(format!("{} signals", registry::signals().len()));
    }
    none(&problems);
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_types_and_modules_are_those_of_the_reference() {
    let catalog = catalog();
    let mut problems = Vec::new();
    for (recorded, signal) in pairs(&catalog) {
        let (event, info) = (signal.event(), signal.info());
        if event.event_type != text(recorded, "event_type") {
            problems.push(format!("{}: its type is {}", info.name, event.event_type));
        }
        if recorded["minor_version"] != event.minor_version {
            let found = event.minor_version;
            problems.push(format!("{}: its minor version is {found}", info.name));
        }
        // `openedx_events.learning.signals` is `events_catalog::learning::…` here.
        let subdomain = text(recorded, "module").split('.').nth(1);
        if info.module.split("::").nth(1) != subdomain {
            problems.push(format!("{}: it stands in {}", info.name, info.module));
        }
    }
    none(&problems);
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_keys_are_those_of_the_reference_where_they_are_right() {
    let catalog = catalog();
    let wrong: BTreeSet<_> = catalog["annotation_problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem.as_str().unwrap().split(':').next().unwrap())
        .collect();
    let corrected = BTreeMap::from(CORRECTED_KEYS);
    assert_eq!(wrong, corrected.keys().copied().collect());
    let mut problems = Vec::new();
    for (recorded, signal) in pairs(&catalog) {
        let (event, name) = (signal.event(), signal.info().name);
        let annotated = recorded["event_key_field"].as_str();
        let expected = corrected.get(name).copied().or(annotated);
        if event.key != expected {
            problems.push(format!("{name}: key {:?}, not {expected:?}", event.key));
        }
        if wrong.contains(name) && !event.doc.contains(annotated.unwrap()) {
            problems.push(format!(
                "{name}: its documentation does not say what upstream names"
            ));
        }
    }
    none(&problems);
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_data_has_the_fields_of_the_reference() {
    let catalog = catalog();
    let mut comparison = Comparison::default();
    for (recorded, signal) in pairs(&catalog) {
        comparison.fields(signal.info().name, signal.event().schema, &recorded["data"]);
    }
    none(&comparison.problems);
    assert_eq!(comparison.classes.len(), 50, "the data classes in use");
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_everything_is_documented() {
    fn fields(path: &str, record: &RecordSchema, problems: &mut Vec<String>) {
        for field in record.fields {
            let path = format!("{path}.{}", field.name);
            if field.doc.trim().is_empty() {
                problems.push(format!("{path} is not documented"));
            }
            if let Some(inner) = field.schema.record() {
                if inner.doc.trim().is_empty() {
                    problems.push(format!("{} is not documented", inner.name));
                }
                fields(&path, inner, problems);
            }
        }
    }
    let catalog = catalog();
    let mut problems = Vec::new();
    for (recorded, signal) in pairs(&catalog) {
        let (event, name) = (signal.event(), signal.info().name);
        if event.doc.trim().is_empty() {
            problems.push(format!("{name} is not documented"));
        }
        if event.doc.trim() == text(recorded, "event_description") {
            problems.push(format!("{name} is documented in the words of another"));
        }
        if !recorded["event_warning"].is_null() && !event.doc.contains("\n\n") {
            problems.push(format!("{name}: nothing is said of upstream's warning"));
        }
        fields(name, event.schema, &mut problems);
    }
    none(&problems);
}

#[derive(Default)]
struct Comparison {
    problems: Vec<String>,
    /// The record that each class of the reference is here: the same one wherever the class is used.
    classes: BTreeMap<String, RecordSchema>,
}

impl Comparison {
    /// The same fields in the same order, with the same types.
    fn fields(&mut self, path: &str, record: &RecordSchema, expected: &Value) {
        let expected = expected.as_array().unwrap();
        let names: Vec<_> = record.fields.iter().map(|field| field.name).collect();
        let expected_names: Vec<_> = expected.iter().map(|field| text(field, "name")).collect();
        if names != expected_names {
            self.problems
                .push(format!("{path}: fields {names:?}, not {expected_names:?}"));
            return;
        }
        for (field, expected) in record.fields.iter().zip(expected) {
            let path = format!("{path}.{}", field.name);
            let optional =
                expected["has_default"] == true && expected.get("default") == Some(&Value::Null);
            let (is_optional, schema) = match field.schema {
                Schema::Optional(inner) => (true, *inner),
                schema => (false, schema),
            };
            if is_optional != optional {
                self.problems
                    .push(format!("{path}: optional is {is_optional}"));
            }
            let (shown, kind) = (schema.to_string(), kind(expected));
            if shown != kind {
                self.problems.push(format!("{path}: {shown}, not {kind}"));
            }
            if let (Some(inner), Some(expected)) = (schema.record(), class(expected)) {
                self.class(&path, inner, expected);
            }
        }
    }

    fn class(&mut self, path: &str, record: &RecordSchema, expected: &Value) {
        let class = format!(
            "{}.{}",
            text(expected, "class_module"),
            text(expected, "class")
        );
        let known = self.classes.entry(class.clone()).or_insert(*record);
        if known != record {
            self.problems
                .push(format!("{path}: another type is {class} elsewhere"));
        }
        self.fields(path, record, &expected["fields"]);
    }
}

/// The class that a field holds, through lists and dicts.
fn class(field: &Value) -> Option<&Value> {
    match text(field, "kind") {
        "attrs" => Some(field),
        "list" => class(&field["item"]),
        "dict" => class(&field["value"]),
        _ => None,
    }
}

/// How [`Schema`] shows the kind of a field.
fn kind(field: &Value) -> String {
    match text(field, "kind") {
        "bool" => "boolean".to_owned(),
        "int" => "long".to_owned(),
        "float" => "double".to_owned(),
        "str" => "string".to_owned(),
        "datetime" => "string (date-time)".to_owned(),
        "uuid" => "string (uuid)".to_owned(),
        "list" => format!("array of {}", kind(&field["item"])),
        "dict" if text(&field["key"], "kind") == "str" => {
            format!("map of {}", kind(&field["value"]))
        }
        "attrs" => text(field, "class").to_owned(),
        // An open file there, what is in it here.
        "unsupported" if text(field, "type") == "BinaryIO" => "bytes".to_owned(),
        "CCXLocator" => "string (CcxLocator)".to_owned(),
        key if key.ends_with("Key") || key.contains("Locator") => format!("string ({key})"),
        other => format!("what is no kind here: {other}"),
    }
}
