//! Where the recorded reference data is, and its catalog.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::path::PathBuf;

use serde_json::Value;

/// The folder of the recorded data.
pub(crate) fn conformance() -> PathBuf {
    let given = std::env::var_os("EVENTS_CONFORMANCE").map(PathBuf::from);
    given.unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance")
    })
}

/// What the reference says of its events.
pub(crate) fn catalog() -> Value {
    let text = std::fs::read_to_string(conformance().join("catalog.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The text that stands under this name.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// Everything that is wrong, at once.
pub(crate) fn none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}
