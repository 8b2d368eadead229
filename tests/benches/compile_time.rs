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

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use support::{median, nanos};

const ROUNDS: usize = 9;
const EVENTS: usize = 100;

/// The fields of every data struct, as a struct of the catalog has them.
const FIELDS: &str = "    pub id: i64,\n    pub is_active: bool,\n    pub username: String,\n    \
                      pub created_by: Option<String>,\n    pub grade: f64,\n    pub tags: Vec<String>,\n";

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace holds this package");
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compile_time");
    let ours = package(&scratch, root, "ours", &ours());
    let serde = package(
        &scratch,
        root,
        "serde_alone",
        &structs("serde::Serialize, serde::Deserialize"),
    );
    let derives = "Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize";
    let all = package(&scratch, root, "serde_and_std", &structs(derives));

    println!(
        "| | events and receivers, s | serde alone, s | ratio | serde and the std derives, s | ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for command in ["check", "build"] {
        let packages = [&ours, &serde, &all];
        for package in packages {
            compile(command, package);
        }
        let mut samples = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for (package, samples) in packages.iter().zip(&mut samples) {
                samples.push(compile(command, package));
            }
        }
        let [ours, serde, all] = samples.map(median);
        println!(
            "| cargo {command} | {:.3} | {:.3} | {:.2} | {:.3} | {:.2} |",
            ours / 1e9,
            serde / 1e9,
            ours / serde,
            all / 1e9,
            ours / all
        );
    }
}

/// Compiles the package, of which nothing but the source is new, and gives the time.
fn compile(command: &str, package: &Path) -> f64 {
    let source = package.join("src/lib.rs");
    let text = fs::read_to_string(&source).expect("the source was written");
    fs::write(&source, text).expect("the source can be written");
    let start = Instant::now();
    let output = Command::new(env!("CARGO"))
        .args([command, "--quiet", "--offline"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.with_file_name("target"))
        // No incremental cache: it would measure what changed, and nothing has.
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .expect("cargo runs");
    let elapsed = nanos(start.elapsed());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    elapsed
}

fn package(scratch: &Path, root: &Path, name: &str, source: &str) -> PathBuf {
    let package = scratch.join(name);
    fs::create_dir_all(package.join("src")).expect("the directory can be made");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         events-core = {{ path = '{}' }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n",
        root.join("events-core").display()
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the manifest can be written");
    // The versions are those of the workspace: nothing has to be fetched.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))
        .expect("the lock file can be copied");
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
