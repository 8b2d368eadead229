//! Headers are read as the reference reads them: its recorded cases, good and bad.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;

use events_bus::headers::Headers;
use events_core::EventMetadata;
use serde_json::Value;
use support::conformance;

/// What the reference reads and we refuse: digits of other scripts.
const OURS_REFUSES: &[&str] = &["minorversion Arabic digits"];

fn cases() -> Vec<(String, Value)> {
    let file = std::fs::read_to_string(conformance().join("metadata_headers.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let cases = file["redis"].as_object().unwrap();
    assert!(cases.len() > 20, "many cases were recorded");
    cases
        .iter()
        .map(|(name, case)| (name.clone(), case.clone()))
        .collect()
}

#[test]
#[cfg_attr(not(conformance), ignore = "needs the recorded reference data")]
fn headers_are_read_as_the_reference_reads_them() {
    let mut problems = Vec::new();
    for (name, case) in cases() {
        let mut headers = Headers::default();
        for (header, value) in case["headers"].as_object().unwrap() {
            headers
                .set(header.as_bytes(), value.as_str().unwrap().as_bytes())
                .unwrap();
        }
        let record = headers.into_record(Arc::default());
        let expected = case["ok"].as_bool().unwrap() && !OURS_REFUSES.contains(&&*name);
        match record {
            Ok(record) if expected => {
                let read = serde_json::to_value(&record.metadata).unwrap();
                let own = serde_json::to_value(EventMetadata::new("org.example.headers.v1"));
                let own = own.unwrap();
                for (field, wanted) in case["result"].as_object().unwrap() {
                    // For what is missing or empty stands what the reader says of itself, or what is made anew.
                    let given = case["headers"][field].as_str().unwrap_or_default();
                    let wanted = match &**field {
                        "source" | "sourcehost" | "sourcelib" if given.is_empty() => &own[field],
                        "id" | "time" if given.is_empty() => &read[field],
                        _ => wanted,
                    };
                    if read[field] != *wanted {
                        problems.push(format!("{name}: {field} is {}, not {wanted}", read[field]));
                    }
                }
            }
            Ok(_) => problems.push(format!("{name}: read, and the reference refuses it")),
            Err(error) if expected => problems.push(format!("{name}: {error}")),
            Err(error) => {
                let error = error.to_string();
                for value in case["headers"].as_object().unwrap().values() {
                    let value = value.as_str().unwrap();
                    assert!(value.len() < 4 || !error.contains(value), "{name}: {error}");
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
