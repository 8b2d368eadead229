//! The schema of every event is the one that the reference generates, and so are its schema files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use events_catalog as _;
use events_core::schema::AvroSchema;
use events_core::{EventInfo, registry};
use serde_json::Value;
use support::{conformance, none};

/// The schemas in a folder, by the name of their file without `.avsc`.
fn schemas(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut found = BTreeMap::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if let Some(name) = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .strip_suffix(".avsc")
        {
            found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
    found
}

fn infos() -> BTreeMap<&'static str, &'static EventInfo> {
    let signals = registry::signals().iter();
    signals
        .map(|signal| (signal.event().event_type, signal.event()))
        .collect()
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_every_schema_is_the_references() {
    let recorded = schemas(&conformance().join("schemas"));
    assert!(!recorded.is_empty(), "no schema was recorded");
    let infos = infos();
    let mut problems = Vec::new();
    for (event_type, recorded) in &recorded {
        let Some(info) = infos.get(event_type.as_str()) else {
            problems.push(format!("{event_type} is not in the catalog"));
            continue;
        };
        let ours = info.avro_schema().to_string();
        // The order of the fields is that of a list, and so compared.
        let (ours, theirs): (Value, Value) = (
            serde_json::from_str(&ours).unwrap(),
            serde_json::from_str(recorded).unwrap(),
        );
        if ours != theirs {
            problems.push(format!("{event_type}: ours is {ours}, and theirs {theirs}"));
        }
    }
    none(&problems);
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_the_schema_files_are_the_references() {
    let recorded = schemas(&conformance().join("schemas"));
    let ours = schemas(&Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas"));
    let mut problems = Vec::new();
    for (event_type, recorded) in &recorded {
        match ours.get(&format!("{event_type}.0")) {
            Some(file) if file.trim_end() == recorded.trim_end() => {}
            Some(_) => problems.push(format!("{event_type}.0.avsc is not the recorded text")),
            None => problems.push(format!("{event_type}.0.avsc is missing")),
        }
    }
    none(&problems);
}

/// What the reference stored once and generates no longer is kept as a former layout, if it is another layout.
#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_former_layouts_are_kept() {
    let historic = schemas(&conformance().join("historic_schemas"));
    assert!(!historic.is_empty(), "no historic schema was recorded");
    let infos = infos();
    let mut problems = Vec::new();
    for (event_type, recorded) in &historic {
        let recorded: Value = serde_json::from_str(recorded).unwrap();
        let Some(info) = infos.get(event_type.as_str()) else {
            problems.push(format!("{event_type} is not in the catalog"));
            continue;
        };
        let layouts = info.kept.iter().map(|kept| {
            let json = AvroSchema::new(info.event_type, kept.schema).to_string();
            serde_json::from_str::<Value>(&json).unwrap()
        });
        if !layouts
            .into_iter()
            .any(|kept| kept == without_defaults(&recorded))
        {
            problems.push(format!(
                "{event_type}: no schema file has the layout {recorded}"
            ));
        }
    }
    none(&problems);
}

/// A default that is not `null` is not part of a layout.
fn without_defaults(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let members = members
                .iter()
                .filter(|(name, value)| *name != "default" || value.is_null());
            let members = members.map(|(name, value)| (name.clone(), without_defaults(value)));
            Value::Object(members.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_defaults).collect()),
        other => other.clone(),
    }
}
