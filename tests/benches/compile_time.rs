//! What the macros cost the compiler: 100 events, each with a data struct, and 300 receivers, against the same 200 structs
//! with serde's derives alone.
//!
//! Both are crates of their own, whose dependencies are built before the clock starts; what is measured is the compiler's
//! run for the crate itself, by `cargo check` and by `cargo build` (profile dev). Two bars: with serde's derives alone,
//! and with the derives of `Debug`, `Clone` and `PartialEq` that an event has, too.
//!
//! `cargo bench -p events-tests --bench compile_time`

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark measures with the clock and prints"
)]

#[path = "support/cargo.rs"]
mod cargo;
mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const EVENTS: usize = 100;

/// The fields of every data struct, as a struct of the catalog has them.
const FIELDS: &str = "    pub id: i64,\n    pub is_active: bool,\n    pub username: String,\n    \
                      pub created_by: Option<String>,\n    pub grade: f64,\n    pub tags: Vec<String>,\n";

fn main() {
    let ours = package("ours", &ours());
    let serde = package(
        "serde_alone",
        &structs("serde::Serialize, serde::Deserialize"),
    );
    let derives = "Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize";
    let all = package("serde_and_std", &structs(derives));

    println!(
        "| | events and receivers, s | serde alone, s | ratio | serde and the std derives, s | ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for command in ["check", "build"] {
        let [ours, serde, all] = cargo::seconds(command, [&ours, &serde, &all]);
        println!(
            "| cargo {command} | {:.3} | {:.3} | {:.2} | {:.3} | {:.2} |",
            ours,
            serde,
            ours / serde,
            all,
            ours / all
        );
    }
}

fn package(name: &str, source: &str) -> PathBuf {
    let package = cargo::package("compile_time", name, "");
    fs::write(package.join("src/lib.rs"), source).expect("the source can be written");
    package
}

fn structs(derives: &str) -> String {
    let mut source = String::new();
    for index in 0..EVENTS {
        let _ = write!(
            source,
            "#[derive({derives})]\npub struct Data{index} {{\n{FIELDS}}}\n\n\
             #[derive({derives})]\npub struct Happened{index} {{\n    pub data: Data{index},\n    pub count: i64,\n}}\n\n"
        );
    }
    source
}

fn ours() -> String {
    let mut source =
        String::from("use events_core::{EventData, EventMetadata, event, receiver};\n\n");
    for index in 0..EVENTS {
        let _ = write!(
            source,
            "#[derive(Debug, Clone, PartialEq, EventData)]\npub struct Data{index} {{\n{FIELDS}}}\n\n\
             /// Emitted when it happened.\n\
             #[event(type = \"org.example.bench.thing{index}.happened.v1\", key = data.username)]\n\
             pub struct Happened{index} {{\n    pub data: Data{index},\n    pub count: i64,\n}}\n\n\
             #[receiver(HAPPENED{index})]\nfn one{index}(data: &Data{index}) {{\n    let _ = data;\n}}\n\n\
             #[receiver(HAPPENED{index})]\nfn two{index}(count: i64, metadata: &EventMetadata) -> Result<(), String> {{\n    \
             let _ = (count, metadata);\n    Ok(())\n}}\n\n\
             #[receiver(HAPPENED{index}, priority = 3)]\nfn three{index}(event: &Happened{index}) {{\n    let _ = event;\n}}\n\n"
        );
    }
    source
}
