//! `events schema check`.

use std::collections::BTreeSet;

use events_cli::Status;
use events_core::schema::folder::ProblemKind;
use serde_json::{Value, json};

use super::{DELETED, Folder, MOVED, SHARED, WRITTEN, document, flat, refusal, text};

fn problems(folder: &Folder) -> Vec<Value> {
    let document = document(Status::Problems, &folder.arguments(&["check"]));
    assert_eq!(document["ok"], false);
    document["packages"][0]["problems"]
        .as_array()
        .expect("problems")
        .clone()
}

/// A folder with nothing wrong.
fn complete(name: &str) -> Folder {
    let folder = Folder::copied(name);
    let accepted = document(Status::Ok, &folder.arguments(&["accept"]));
    assert_eq!(
        accepted["packages"][0]["written"].as_array().map(Vec::len),
        Some(2)
    );
    folder
}

/// The only problem, which is of this kind and about this file; its message and its remedy.
#[track_caller]
fn only(folder: &Folder, kind: ProblemKind, file: &str) -> (String, String) {
    let problems = problems(folder);
    let [problem] = problems.as_slice() else {
        panic!("one problem: {problems:#?}");
    };
    let path = folder.path().join(file);
    assert_eq!(problem["kind"], kind.id(), "{problem:#}");
    assert_eq!(
        problem["file"],
        path.to_str().expect("UTF-8"),
        "{problem:#}"
    );
    let text = |key: &str| problem[key].as_str().expect("a text").to_owned();
    (text("message"), text("remedy"))
}

#[test]
fn a_complete_folder_has_no_problems() {
    let folder = complete("complete");
    assert_eq!(
        text(Status::Ok, &folder.arguments(&["check"])),
        format!(
            "Checked\n  cli_schema: 4 events, 8 files in {}\n\nNo problems\n",
            folder.as_str()
        )
    );
    // What is no schema file, and does not look like one, is nobody's business.
    folder.write("README.md", "About these files.");
    folder.write(".gitattributes", "*.avsc text");
    assert_eq!(
        document(Status::Ok, &folder.arguments(&["check"])),
        json!({
            "ok": true,
            "packages": [{
                "package": "cli_schema",
                "crate": "cli_schema",
                "folder": folder.as_str(),
                "events": 4,
                "files": 8,
                "problems": [],
            }],
            "skipped": [],
        })
    );
}

#[test]
fn missing_files_are_named_with_the_command_that_writes_them() {
    let folder = Folder::copied("missing");
    assert_eq!(
        text(Status::Problems, &folder.arguments(&["check"])),
        format!(
            "Checked\n  cli_schema: 4 events, 6 files in {folder}\n\n2 problems\n\n\
             \u{20} 1. {folder}/{MOVED}.3.avsc\n\
             \u{20}    [schema-file-missing] the event has no schema file of its minor version 3\n\
             \u{20}    remedy: run `events schema accept`, which writes it\n\n\
             \u{20} 2. {folder}/{SHARED}.0.avsc\n\
             \u{20}    [schema-file-missing] the event has no schema file of its minor version 0\n\
             \u{20}    remedy: run `events schema accept`, which writes it\n",
            folder = folder.as_str()
        )
    );
}

#[test]
fn a_folder_that_is_not_there_is_one_without_files() {
    let folder = Folder::copied("absent");
    std::fs::remove_dir_all(folder.path()).expect("it is gone");
    let kinds: Vec<_> = problems(&folder)
        .iter()
        .map(|problem| problem["kind"].as_str().expect("a text").to_owned())
        .collect();
    let count = |kind: &str| kinds.iter().filter(|it| *it == kind).count();
    // Four of the events' own versions; three older ones that the compiler read; and the waivers.
    assert_eq!(count("schema-file-missing"), 7, "{kinds:?}");
    assert_eq!(count("waivers-changed"), 1, "{kinds:?}");
}

#[test]
fn older_versions_must_stay() {
    let folder = complete("older");
    folder.remove(&format!("{WRITTEN}.0.avsc"));
    let (message, remedy) = only(
        &folder,
        ProblemKind::FileMissing,
        &format!("{WRITTEN}.0.avsc"),
    );
    assert!(message.contains("services may still use"), "{message}");
    assert_eq!(remedy, "restore the file from version control");
}

#[test]
fn a_file_that_says_something_else_is_explained() {
    let folder = complete("differs");
    let file = format!("{SHARED}.0.avsc");
    folder.edit(&file, "\"long\"", "\"string\"");
    let (message, remedy) = only(&folder, ProblemKind::FileDiffers, &file);
    assert_eq!(
        message,
        "the struct says something else:\n    [type-changed] `number` was `string` and is `long`"
    );
    assert_eq!(
        remedy,
        "restore what the file says, or declare a new event of type `org.example.filing.note.shared.v2`; if nobody has used \
         this version yet, delete the file and run `events schema accept`"
    );

    let folder = complete("differs_compatibly");
    let schema = folder.read(&file);
    let start = schema
        .find(",\n    {\n      \"name\": \"with\"")
        .expect("the field");
    let end = schema.find("\n  ],\n  \"namespace\"").expect("the end");
    folder.write(&file, &format!("{}{}", &schema[..start], &schema[end..]));
    let (message, remedy) = only(&folder, ProblemKind::FileDiffers, &file);
    assert!(
        message.ends_with("[field-added] `with` is new: `optional string`"),
        "{message}"
    );
    assert!(
        remedy.starts_with("set `minor_version = 1` in `#[event]`"),
        "{remedy}"
    );
}

#[test]
fn defaults_and_the_way_it_is_written_are_told_apart() {
    let folder = complete("defaults");
    let file = format!("{WRITTEN}.1.avsc");
    // Other spaces, another order of members: the same JSON.
    let value: Value = serde_json::from_str(&folder.read(&file)).expect("JSON");
    folder.write(&file, &value.to_string());
    text(Status::Ok, &folder.arguments(&["check"]));

    folder.edit(&file, "\"default\":false", "\"default\":true");
    let (_, remedy) = only(&folder, ProblemKind::FileOutdated, &file);
    assert_eq!(remedy, "run `events schema accept`, which writes it anew");

    folder.edit(&file, "\"default\":true,", "");
    let (message, remedy) = only(&folder, ProblemKind::DefaultAdded, &file);
    assert!(message.contains("a default to `pinned`"), "{message}");
    assert!(remedy.contains("minor_version = 2"), "{remedy}");
}

#[test]
fn every_other_problem_is_found_at_once() {
    let folder = complete("everything");
    // Changed and added since the compiler looked.
    folder.edit(&format!("{WRITTEN}.0.avsc"), "\"string\"", "\"bytes\"");
    folder.write(
        &format!("{WRITTEN}.0-of-old.avsc"),
        &folder.read(&format!("{WRITTEN}.1.avsc")),
    );
    folder.write(&format!("{WRITTEN}.2.avsc"), "{}");
    let other = format!("{MOVED}.3.avsc");
    folder.write(&format!("{MOVED}.0.avsc"), &folder.read(&other));
    folder.remove(&other);
    folder.write(&format!("{SHARED}.1-.avsc"), "");
    folder.write("org.example.filing.note.lost.v1.0.avsc", "[");
    folder.write(
        &format!("{DELETED}.waivers.json"),
        &json!([
            { "against": format!("{DELETED}.0.avsc"), "rule": "field-removed", "path": "reason", "reason": " " },
            { "against": format!("{DELETED}.0.avsc"), "rule": "field-remove", "path": "reason", "reason": "x" },
            { "against": format!("{DELETED}.9.avsc"), "rule": "field-removed", "path": "reason", "reason": "x" },
            { "against": format!("{DELETED}.0.avsc"), "rule": "type-changed", "path": "number", "reason": "x" },
            { "against": format!("{DELETED}.1.avsc"), "rule": "type-changed", "path": "number", "reason": "x" },
        ])
        .to_string(),
    );
    folder.write(
        &format!("{SHARED}.waivers.json"),
        "[{\"rule\": 1, \"why\": \"\"}, 2]",
    );
    let found: BTreeSet<_> = problems(&folder)
        .iter()
        .map(|problem| problem["kind"].as_str().expect("a text").to_owned())
        .collect();
    // The rest have tests of their own.
    let elsewhere = [
        ProblemKind::FolderUnreadable,
        ProblemKind::FileUnwritable,
        ProblemKind::FileMissing,
        ProblemKind::FileDiffers,
        ProblemKind::FileOutdated,
        ProblemKind::DefaultAdded,
    ];
    let expected: BTreeSet<_> = ProblemKind::ALL
        .iter()
        .filter(|kind| !elsewhere.contains(kind))
        .map(|kind| kind.id().to_owned())
        .collect();
    assert_eq!(found, expected);
    let page = text(Status::Problems, &folder.arguments(&["check"]));
    for line in [
        "[schema-file-changed] it has changed since this binary was compiled, so that the compiler",
        "[minor-version-lowered] this binary was compiled with `minor_version = 1`, which is older",
        "[minor-version-skipped] this is the newest schema file, and this binary was compiled with",
        "[schema-file-unknown] the crate declares no event of type `org.example.filing.note.lost.v1`",
        "[schema-file-unreadable] not JSON: EOF while parsing a list at line 1 column 1",
        "[waiver-of-unknown-rule] the waiver of `field-remove` at `reason` against",
        "[waiver-stale] the waiver of `type-changed` at `number` against",
        "[waivers-unreadable] waiver 2 is not an object",
        "[waivers-unreadable] waiver 1 has an unknown key `why`",
    ] {
        assert!(flat(&page).contains(line), "{line}\n{page}");
    }
}

#[test]
fn a_file_is_no_folder() {
    let folder = Folder::new("no_folder");
    folder.write("file", "");
    let path = folder.path().join("file");
    let path = path.to_str().expect("UTF-8");
    let args = ["check", "--package", "cli-schema", "--dir", path];
    let page = text(Status::Problems, &args);
    assert!(
        page.contains("[schema-folder-unreadable] the folder"),
        "{page}"
    );
}

#[test]
fn a_package_that_is_not_there_is_refused() {
    let error = refusal(&["check", "--package", "cli_shema"]);
    assert!(
        error.starts_with("error: there are no events of a package `cli_shema` here; there are those of the crates `cli_schema`"),
        "{error}"
    );
}
