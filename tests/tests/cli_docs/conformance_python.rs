//! The snippets in Python name what the Python package has, as it was recorded.

use std::path::PathBuf;

use events_core::testing;
use serde_json::Value;

use crate::pages::{code_block, read, site};

fn conformance() -> PathBuf {
    std::env::var_os("EVENTS_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
        PathBuf::from,
    )
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "the recorded reference data is not there: set EVENTS_CONFORMANCE"
)]
fn conformance_snippets_in_python_name_what_the_package_has() {
    let _scope = testing::scope();
    let catalog = std::fs::read_to_string(conformance().join("catalog.json")).unwrap();
    let catalog: Value = serde_json::from_str(&catalog).unwrap();
    let site = site("python");
    let events = catalog["events"].as_array().unwrap();
    assert!(!events.is_empty());
    for event in events {
        let text = |key: &str| event[key].as_str().unwrap();
        let (name, event_type) = (text("name"), text("event_type"));
        let page = read(&site, &format!("events/{event_type}.html"));
        let python = code_block(&page, "Receiver in Python");
        let import = format!("from {} import {name}\n", text("module"));
        assert!(python.contains(&import), "{event_type}: {python}");
        let fields = event["data"].as_array().unwrap().iter();
        let fields: Vec<_> = fields
            .map(|field| field["name"].as_str().unwrap())
            .collect();
        let receiver = format!(
            "(signal, sender, {}, metadata, **kwargs):",
            fields.join(", ")
        );
        assert!(python.contains(&receiver), "{event_type}: {python}");
    }
}
