//! What the catalog costs the compiler, from its own sources and with its schema files, against the same structs with
//! serde's derives alone.
//!
//! The second crate is made from the sources of the first: the attributes and derives of the framework are taken out, and serde's
//! put in. Both have the opaque keys, where the second one writes serde's two implementations for keys by hand.
//!
//! `cargo bench -p events-tests --bench catalog_compile_time`

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark measures with the clock and prints"
)]

#[path = "support/cargo.rs"]
mod cargo;
mod support;

use std::fs;
use std::path::Path;

const DERIVES: &str = "#[derive(serde::Serialize, serde::Deserialize)]";

/// What the derive of `EventData` writes for a key.
const KEYS: &str = "
macro_rules! serde_impls {
    ($($key:ty)*) => {$(
        impl serde::Serialize for $key {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $key {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

serde_impls! {
    CourseKey UsageKey CcxLocator LibraryLocatorV2 LibraryUsageLocatorV2 LibraryCollectionLocator LibraryContainerLocator
}
";

fn main() {
    let dependencies = "unicode-properties = { version = \"0.1\", default-features = false, features = [\"general-category\"] }\n";
    let catalog = cargo::root().join("events-catalog");
    let ours = cargo::package("catalog_compile_time", "ours", dependencies);
    let serde = cargo::package("catalog_compile_time", "serde_alone", dependencies);
    for package in [&ours, &serde] {
        fs::copy(catalog.join("README.md"), package.join("README.md")).expect("a file is copied");
    }
    copy(&catalog.join("src"), &ours.join("src"), &|_, text| {
        text.to_owned()
    });
    copy(
        &catalog.join("schemas"),
        &ours.join("schemas"),
        &|_, text| text.to_owned(),
    );
    copy(&catalog.join("src"), &serde.join("src"), &with_serde);

    println!("| | the catalog, s | serde alone, s | ratio |");
    println!("| --- | --- | --- | --- |");
    for command in ["check", "build"] {
        let [ours, serde] = cargo::seconds(command, [&ours, &serde]);
        println!(
            "| cargo {command} | {ours:.3} | {serde:.3} | {:.2} |",
            ours / serde
        );
    }
}

/// Copies a folder, each file changed as told.
fn copy(from: &Path, to: &Path, change: &dyn Fn(&Path, &str) -> String) {
    fs::create_dir_all(to).expect("the directory can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let path = entry.expect("the folder is readable").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target, change);
        } else {
            let text = fs::read_to_string(&path).expect("a source is text");
            fs::write(target, change(&path, &text)).expect("the source can be written");
        }
    }
}

/// The same types, with serde's derives and nothing of the framework.
fn with_serde(path: &Path, text: &str) -> String {
    if path.components().any(|part| part.as_os_str() == "keys") {
        let text = text
            .replace(", EventData)]", ")]")
            .replace("#[event_data(string)]\n", "")
            .replace("use events_core::EventData;\n", "");
        let is_root = path.file_name().is_some_and(|name| name == "mod.rs");
        return if is_root { text + KEYS } else { text };
    }
    let mut source = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        if start.starts_with("#[event(") {
            let mut end = line;
            while !end.trim_end().ends_with(")]") {
                end = lines.next().expect("an attribute ends");
            }
            source += DERIVES;
        } else if start.starts_with("#[derive(") && line.contains("EventData") {
            source += DERIVES;
        } else if let Some(rest) = start.strip_prefix("#[event_data(name = ") {
            source += "#[serde(rename = ";
            source += rest;
        } else if start.starts_with("#[event_data(") {
            continue;
        } else if start.starts_with("use events_core::") {
            source += "#[allow(unused_imports)]\nuse events_core::{Bytes, DateTime, Uuid};";
        } else {
            source += &without_signals(line);
        }
        source.push('\n');
    }
    source
}

/// A line of a list of names without those of signals, which are in capitals.
fn without_signals(line: &str) -> String {
    let is_signal = |word: &&str| {
        word.contains('_')
            && word
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let indent = &line[..line.len() - line.trim_start().len()];
    let is_list = indent.len() == 4 && line.trim_end().ends_with(',');
    let is_use = line.starts_with("pub use ") && line.contains("::{");
    if line.contains("//") || !(is_list || is_use) {
        return line.to_owned();
    }
    let words = line.split_inclusive([',', '{', ' ', '}']);
    let kept = words.filter(|word| !is_signal(&word.trim_matches([',', '{', ' ', '}', ';'])));
    kept.collect()
}
