//! The recorded reference data, and schemas that are made while a test runs.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

pub mod avsc;
pub mod shapes;
pub mod untyped;

use std::path::PathBuf;

use serde_json::Value;

/// Where the recorded data are.
pub fn conformance() -> PathBuf {
    std::env::var_os("EVENTS_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/conformance"
            ))
        },
        PathBuf::from,
    )
}

/// The lines of a file. They end with a line feed and nothing else.
pub fn lines(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(conformance().join(file)).unwrap();
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The files of a folder, without their extension, in their order.
pub fn files(folder: &str, extension: &str) -> Vec<String> {
    let entries = std::fs::read_dir(conformance().join(folder)).unwrap();
    let mut names: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            Some(name.strip_suffix(extension)?.to_owned())
        })
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{folder} has no *{extension}");
    names
}

pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

pub fn hex(value: &Value, field: &str) -> Vec<u8> {
    let digits = text(value, field).as_bytes();
    assert!(digits.len().is_multiple_of(2));
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
