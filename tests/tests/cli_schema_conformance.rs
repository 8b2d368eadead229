//! The schemas that the reference generates, through `events schema`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use events_catalog as _;
use events_cli::Status;
use events_core::registry;
use events_core::schema::{AvroSchema, folder};
use serde_json::Value;

fn recorded(folder: &str) -> BTreeMap<String, String> {
    let given = env::var_os("EVENTS_CONFORMANCE").map(PathBuf::from);
    let data = given
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"));
    let entries = fs::read_dir(data.join(folder)).expect("the recorded schemas");
    let files: BTreeMap<_, _> = entries
        .map(|entry| entry.expect("a file").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "avsc")
        })
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            (
                name.expect("UTF-8").to_owned(),
                fs::read_to_string(&path).expect("UTF-8"),
            )
        })
        .collect();
    assert!(!files.is_empty(), "{folder} has no schemas");
    files
}

fn folder_with(name: &str, files: &BTreeMap<String, String>) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    for (name, text) in files {
        fs::write(path.join(name), text).expect("a file");
    }
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_schemas_are_read_without_loss() {
    for source in ["schemas", "historic_schemas"] {
        for (name, text) in recorded(source) {
            let read =
                folder::read_schema(&text).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert_eq!(format!("{}.avsc", read.event_type), name);
            let ours = AvroSchema::new(&read.event_type, read.schema).to_string();
            let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            assert_eq!(value(&ours), value(&text), "{name}");
        }
    }
}

/// The catalog's own files are held to the recorded ones by the catalog's tests; here, both readers are held to each other.
#[test]
fn conformance_of_what_the_compiler_and_the_command_read() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events-catalog/schemas");
    let mut read = 0;
    for signal in registry::signals() {
        if !signal.info().module.starts_with("events_catalog") {
            continue;
        }
        for kept in signal.event().kept {
            let text = fs::read_to_string(schemas.join(kept.file)).expect(kept.file);
            let by_command = folder::read_schema(&text).expect(kept.file);
            assert_eq!(by_command.event_type, signal.event().event_type);
            assert_eq!(by_command.schema, kept.schema, "{}", kept.file);
            read += 1;
        }
    }
    assert!(read > 0, "no schema was recorded");
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_of_the_past_changes_of_the_reference() {
    let now = recorded("schemas");
    let changed = recorded("historic_schemas");
    let mut before = now.clone();
    before.extend(changed.clone());
    let args = [
        "events",
        "schema",
        "diff",
        &folder_with("cli_schema_conformance_before", &before),
        &folder_with("cli_schema_conformance_now", &now),
        "--json",
    ];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(args, &mut out, &mut err);
    assert_eq!(
        (status, String::from_utf8_lossy(&err).as_ref()),
        (Status::Ok, "")
    );
    let document: Value = serde_json::from_slice(&out).expect("JSON");
    let events = document["events"].as_array().expect("events");
    assert_eq!(events.len(), now.len());
    let mut extended = 0;
    for event in events {
        let event_type = event["event_type"].as_str().expect("a text");
        let [comparison] = event["comparisons"]
            .as_array()
            .expect("comparisons")
            .as_slice()
        else {
            panic!("one comparison: {event:#}");
        };
        let findings = comparison["findings"].as_array().expect("findings");
        let is_changed = changed.contains_key(&format!("{event_type}.avsc"));
        if is_changed && event_type.contains(".xblock.") {
            // It gained an optional field; in `duplicated`, in the middle.
            let [finding] = findings.as_slice() else {
                panic!("one finding: {event:#}");
            };
            assert_eq!(event["verdict"], "compatible", "{event_type}");
            assert_eq!(finding["rule"], "field-added");
            assert_eq!(finding["path"], "xblock_info.version");
            assert_eq!(finding["after"], "optional string");
            assert_eq!(finding["breaking"], false);
            extended += 1;
        } else {
            assert_eq!(event["verdict"], "same", "{event_type}");
            assert!(findings.is_empty(), "{event_type}");
            // The reference once wrote a default that it writes no more.
            let defaults = comparison["defaults"].as_array().expect("defaults");
            assert_eq!(
                !defaults.is_empty(),
                is_changed,
                "{event_type}: {defaults:?}"
            );
        }
    }
    assert_eq!(extended, 5);
}
