//! The rules of the repository.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Longer files are split.
const MOST_LINES: usize = 450;

/// Which crate of ours may depend on which, for what users build.
const EDGES: &[(&str, &[&str])] = &[
    ("events-macros", &[]),
    ("events-core", &["events-macros"]),
    // In its tests, a bus needs events, and itself with the features of the tests.
    ("events-bus", &["events-core"]),
    ("events-catalog", &["events-core"]),
    (
        "events-cli",
        &[
            "events-bus",
            "events-catalog",
            "events-core",
            "example-audit",
            "example-greeter",
        ],
    ),
    ("example-audit", &["events-catalog", "events-core"]),
    ("example-greeter", &["events-catalog", "events-core"]),
    (
        "events-tests",
        &[
            "events-bus",
            "events-catalog",
            "events-cli",
            "events-core",
            "example-audit",
            "example-greeter",
        ],
    ),
];

/// What `events-core` takes without any feature: every plugin and every catalog builds it, too.
const CORE_TAKES: &[&str] = &[
    "arc-swap",
    "erased-serde",
    "events-macros",
    "fastrand",
    "hostname",
    "inventory",
    "jiff",
    "linkme",
    "serde",
    "thiserror",
    "tracing",
    "uuid",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// All files of the repository, relative to its root, with `/`, that are not made by a build.
fn files() -> Vec<String> {
    fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_str().unwrap().to_owned();
            let path = format!("{prefix}{name}");
            if entry.file_type().unwrap().is_dir() {
                if name != "target" && name != ".git" {
                    walk(&entry.path(), &format!("{path}/"), found);
                }
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort();
    found
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(path)
        .extension()
        .and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.contains(&extension))
}

fn rust_files() -> Vec<(String, String)> {
    let rust = files()
        .into_iter()
        .filter(|path| has_extension(path, &["rs"]));
    rust.map(|path| (fs::read_to_string(root().join(&path)).unwrap(), path))
        .map(|(text, path)| (path, text))
        .collect()
}

/// Code that is not part of the workspace's own: cases that must not compile, and fixtures that show what users write.
fn is_case(path: &str) -> bool {
    path.starts_with("tests/ui/") || path.starts_with("tests/fixtures/")
}

/// The code of a file: without comments, and without what stands in quotes. Good enough to look for names.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.split("//").next().unwrap_or_default();
        let parts = line.split('"').enumerate();
        parts
            .filter(|(index, _)| index % 2 == 0)
            .map(|(_, part)| part)
            .collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines of code that have this word.
fn lines_with<'a>(code: &'a str, word: &str) -> Vec<&'a str> {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let has = |line: &&str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
    };
    code.lines().filter(has).collect()
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn packages() -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            (
                package["name"].as_str().unwrap().to_owned(),
                package.clone(),
            )
        })
        .collect()
}

/// The names of a package's dependencies for which this holds.
fn dependencies(package: &Value, holds: impl Fn(&Value) -> bool) -> BTreeSet<&str> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|dependency| holds(dependency))
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect()
}

/// `kind` is null for what users build, else `dev` or `build`.
fn is_normal(dependency: &Value) -> bool {
    dependency["kind"].is_null()
}

#[test]
fn crates_depend_on_each_other_one_way() {
    let packages = packages();
    let listed: BTreeSet<_> = EDGES.iter().map(|(name, _)| *name).collect();
    let there: BTreeSet<_> = packages.keys().map(String::as_str).collect();
    assert_eq!(
        listed, there,
        "what EDGES lists, and the packages there are"
    );
    for (name, allowed) in EDGES {
        let ours = dependencies(&packages[*name], is_normal)
            .into_iter()
            .filter(|name| listed.contains(name));
        for dependency in ours {
            assert!(
                allowed.contains(&dependency),
                "{name} must not depend on {dependency}"
            );
        }
    }
    // What is only for tests may not turn an edge round either.
    let catalog = dependencies(&packages["events-core"], |_| true);
    assert!(
        !catalog.contains("events-catalog"),
        "events-core knows no catalog, not even in its tests"
    );
}

#[test]
fn the_core_takes_no_serializer_and_no_runtime() {
    let packages = packages();
    let core = &packages["events-core"];
    let always = dependencies(core, |dependency| {
        is_normal(dependency) && dependency["optional"] == false
    });
    assert_eq!(always, CORE_TAKES.iter().copied().collect());
    assert_eq!(core["features"]["default"], Value::Array(Vec::new()));
    let asks_for = |name: &str| -> Vec<_> {
        let features = core["features"].as_object().unwrap().iter();
        let asking = features.filter(|(_, needs)| {
            let mut needs = needs.as_array().unwrap().iter().filter_map(Value::as_str);
            needs.any(|need| need.trim_start_matches("dep:").split(['/', '?']).next() == Some(name))
        });
        asking.map(|(feature, _)| feature.as_str()).collect()
    };
    assert_eq!(asks_for("tokio"), ["tokio"]);
    assert_eq!(asks_for("toml"), ["config"]);
}

#[test]
fn every_manifest_has_the_lints_and_versions_of_the_workspace() {
    let mut problems = Vec::new();
    for (name, package) in packages() {
        let path = package["manifest_path"].as_str().unwrap();
        let manifest = fs::read_to_string(path).unwrap();
        for line in [
            "[lints]\nworkspace = true",
            "version.workspace = true",
            "edition.workspace = true",
            "license.workspace = true",
        ] {
            if !manifest.contains(line) {
                problems.push(format!("{name}: its Cargo.toml does not have `{line}`"));
            }
        }
    }
    none(&problems);
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let mut problems = Vec::new();
    for (path, text) in rust_files() {
        let begins = text.starts_with("//!") || text.starts_with("#![doc = include_str!");
        if !is_case(&path) && !begins {
            problems.push(format!("{path} does not begin with `//!`"));
        }
    }
    none(&problems);
}

#[test]
fn no_rust_file_is_long() {
    let mut problems = Vec::new();
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        if lines > MOST_LINES && !path.starts_with("tests/ui/") {
            problems.push(format!(
                "{path} has {lines} lines; split it below {MOST_LINES}"
            ));
        }
    }
    none(&problems);
}

#[test]
fn lines_end_where_they_end() {
    let mut problems = Vec::new();
    for path in files() {
        if !has_extension(&path, &["rs", "toml", "md", "json", "yml"]) {
            continue;
        }
        let text = fs::read_to_string(root().join(&path)).unwrap();
        for (index, line) in text.lines().enumerate() {
            // What the compiler says is printed as it says it.
            let quoted = path == "docs/src/schema-files.md" && line.trim().is_empty();
            if line.ends_with([' ', '\t', '\r']) && !quoted {
                problems.push(format!("{path}:{}: white space at the end", index + 1));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            problems.push(format!("{path} does not end with a line break"));
        }
    }
    none(&problems);
}

#[test]
fn one_file_knows_how_the_linker_collects() {
    let mut problems = Vec::new();
    for (path, text) in rust_files() {
        let ours = path.starts_with("events-") && path.contains("/src/")
            || path.starts_with("tests/plugins/");
        if !ours || path == "events-core/src/registry/entries.rs" {
            continue;
        }
        let code = code(&text);
        let found = ["inventory", "linkme"]
            .into_iter()
            .flat_map(|word| lines_with(&code, word));
        for line in found {
            // The macros reach them through `__private`, which passes them on.
            let passed_on =
                line.contains("__private::inventory") || line.contains("__private::linkme");
            let exported = path == "events-core/src/private.rs";
            if !passed_on && !exported {
                problems.push(format!(
                    "{path}: only registry/entries.rs knows this: {}",
                    line.trim()
                ));
            }
        }
    }
    none(&problems);
}

#[test]
fn one_file_reads_the_wall_clock() {
    let mut problems = Vec::new();
    for (path, text) in rust_files() {
        let ours = path.starts_with("events-") && path.contains("/src/");
        if ours && path != "events-core/src/clock.rs" && code(&text).contains("SystemTime::now") {
            problems.push(format!(
                "{path}: take the time from events-core/src/clock.rs"
            ));
        }
    }
    none(&problems);
}

#[test]
fn nothing_is_unsafe() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    let mut problems = Vec::new();
    for (path, text) in rust_files() {
        if is_case(&path) || path.starts_with("tests/peers/") {
            continue;
        }
        let code = code(&text);
        for line in lines_with(&code, "unsafe") {
            problems.push(format!("{path}: {}", line.trim()));
        }
    }
    none(&problems);
}
