//! `events schema diff`, between files, folders and the binary.

use events_cli::Status;
use events_core::Event as _;
use events_core::schema::{AvroSchema, folder};
use serde_json::{Value, json};

use super::{
    DELETED, Folder, MOVED, NoteDeleted, NoteWritten, SHARED, WRITTEN, document, flat, our_files,
    refusal, run, text,
};

fn event<'d>(document: &'d Value, event_type: &str) -> &'d Value {
    let events = document["events"].as_array().expect("events");
    let found = events
        .iter()
        .find(|event| event["event_type"] == event_type);
    found.unwrap_or_else(|| panic!("{event_type}: {document:#}"))
}

#[test]
fn what_the_compiler_read_is_what_the_command_reads() {
    for info in [NoteWritten::INFO, NoteDeleted::INFO] {
        assert!(info.kept.len() >= 2);
        for kept in info.kept {
            let text = std::fs::read_to_string(our_files().join(kept.file)).expect("a file");
            let read = folder::read_schema(&text).expect("a schema");
            assert_eq!(read.event_type, info.event_type);
            // By their JSON: the two readers may write a number in two ways.
            let json = |schema| -> Value {
                let text = AvroSchema::new(info.event_type, schema).to_string();
                serde_json::from_str(&text).expect("JSON")
            };
            assert_eq!(json(read.schema), json(kept.schema), "{}", kept.file);
            assert_eq!(read.schema.name, kept.schema.name);
        }
    }
}

#[test]
fn two_files_of_one_event() {
    let ours = our_files();
    let path = |name: String| ours.join(name).to_str().expect("UTF-8").to_owned();
    let (old, new) = (
        path(format!("{WRITTEN}.0.avsc")),
        path(format!("{WRITTEN}.1.avsc")),
    );
    assert_eq!(
        text(Status::Ok, &["diff", &old, &new]),
        format!(
            "Before  {old} (1 event)\nAfter   {new} (1 event)\n\n\
             {WRITTEN}: compatible\n\
             \u{20} 0 -> 1: compatible\n\
             \u{20}   [field-added] `readers` is new: `optional array of record Writer`\n\
             \u{20}   [field-added] `pinned` is new: `boolean`\n\n\
             0 breaking, 0 removed, 1 compatible, 0 added, 0 same\n"
        )
    );
    assert_eq!(
        run(&["diff", &old, &new, "--fail-on", "breaking"]).0,
        Status::Ok
    );
    assert_eq!(
        run(&["diff", &old, &new, "--fail-on", "any"]).0,
        Status::Problems
    );
    assert_eq!(run(&["diff", &new, &new, "--fail-on", "any"]).0, Status::Ok);
    // The other way round, it is the old schema that cannot do without the field.
    let page = text(Status::Problems, &["diff", &new, &old, "--fail-on=any"]);
    assert!(
        page.contains("[field-removed] `pinned` was `boolean` and is gone\n"),
        "{page}"
    );
}

#[test]
fn who_breaks_is_said() {
    let folder = Folder::copied("diff_breaking");
    folder.edit(&format!("{WRITTEN}.1.avsc"), "\"long\"", "\"string\"");
    let ours = our_files();
    let old = ours.join(format!("{WRITTEN}.1.avsc"));
    let args = ["diff", old.to_str().expect("UTF-8"), folder.as_str()];
    let page = text(Status::Ok, &args);
    assert!(
        page.contains(&format!(
            "{WRITTEN}: breaking\n\
             \u{20} 1 (rewritten): breaking\n\
             \u{20}   [type-changed] `writer.id` was `long` and is `string`\n\
             \u{20}     services with the older schema cannot read what the newer ones write: they expect the old\n\
             \u{20}     type\n\
             \u{20}     services with the newer schema cannot read what the older ones wrote: it expects the new\n\
             \u{20}     type\n"
        )),
        "{page}"
    );
    // A file is compared with the event that it is of, not with the rest of the folder.
    assert!(
        page.ends_with("\n1 breaking, 0 removed, 0 compatible, 0 added, 0 same\n"),
        "{page}"
    );
    let document = document(
        Status::Problems,
        &[&args[..], &["--fail-on", "breaking"]].concat(),
    );
    assert_eq!(
        event(&document, WRITTEN)["comparisons"][0]["findings"][0],
        json!({
            "rule": "type-changed",
            "path": "writer.id",
            "before": "long",
            "after": "string",
            "breaking": true,
            "breaks_older_readers": "they expect the old type",
            "breaks_newer_readers": "it expects the new type",
        })
    );
}

#[test]
fn two_catalogs() {
    let before = Folder::copied("diff_before");
    let after = Folder::copied("diff_after");
    // Gone, new, and a file that was published and rewritten.
    for name in ["0.avsc", "1.avsc", "waivers.json"] {
        after.remove(&format!("{DELETED}.{name}"));
    }
    text(Status::Ok, &after.arguments(&["accept", SHARED]));
    after.edit(
        &format!("{WRITTEN}.0-before-writer.avsc"),
        "\"long\"",
        "\"double\"",
    );
    let args = ["diff", before.as_str(), after.as_str()];
    let page = text(Status::Ok, &args);
    assert!(
        page.ends_with(&format!(
            "{DELETED}: removed, 0, 1\n\n\
             {SHARED}: added, 0\n\n\
             {WRITTEN}: breaking\n\
             \u{20} 0-before-writer (rewritten): breaking\n\
             \u{20}   [type-changed] `writer.id` was `long` and is `double`\n\
             \u{20}     services with the older schema cannot read what the newer ones write: they expect the old\n\
             \u{20}     type\n\
             \u{20} 1: same\n\n\
             1 breaking, 1 removed, 0 compatible, 1 added, 0 same\n"
        )),
        "{page}"
    );
    let document = document(
        Status::Problems,
        &[&args[..], &["--fail-on", "breaking"]].concat(),
    );
    assert_eq!(
        document["verdicts"],
        json!({ "breaking": 1, "removed": 1, "compatible": 0, "added": 1, "same": 0 })
    );
    assert_eq!(
        event(&document, SHARED),
        &json!({
            "event_type": SHARED,
            "before_event_type": null,
            "verdict": "added",
            "versions": { "before": [], "after": ["0"] },
            "comparisons": [],
        })
    );
}

#[test]
fn with_all_every_kept_version_is_compared() {
    let folder = Folder::copied("diff_all");
    let args = ["diff", folder.as_str(), "binary", "--package", "cli_schema"];
    let newest = document(Status::Ok, &args);
    assert_eq!(event(&newest, DELETED)["verdict"], "same");
    assert_eq!(event(&newest, MOVED)["verdict"], "added");
    let all = document(Status::Ok, &[&args[..], &["--all"]].concat());
    assert_eq!(event(&all, DELETED)["verdict"], "breaking");
    let written = event(&all, WRITTEN);
    assert_eq!(
        written["versions"]["before"],
        json!(["0-before-writer", "0", "1"])
    );
    let pairs: Vec<_> = written["comparisons"]
        .as_array()
        .expect("comparisons")
        .iter()
        .map(|comparison| {
            format!(
                "{} {} {}",
                comparison["before"], comparison["after"], comparison["verdict"]
            )
        })
        .collect();
    assert_eq!(
        pairs,
        [
            "\"0-before-writer\" \"1\" \"compatible\"",
            "\"0\" \"1\" \"compatible\"",
            "\"1\" \"1\" \"same\"",
        ]
    );
    let page = text(Status::Ok, &[&args[..], &["--all"]].concat());
    // Not on the wire, and worth saying.
    assert!(
        page.contains("    not on the wire: the default of `number` had 7 and has none\n"),
        "{page}"
    );
}

#[test]
fn the_binary_is_a_dot_too() {
    let document = document(Status::Ok, &["diff", ".", "binary", "--fail-on", "any"]);
    assert_eq!(document["before"]["source"], ".");
    assert_eq!(document["verdicts"]["same"], document["before"]["events"]);
}

#[test]
fn files_that_cannot_be_read_fail_it() {
    let folder = Folder::copied("diff_unreadable");
    folder.write(&format!("{WRITTEN}.1.avsc"), "{");
    folder.write(
        &format!("{SHARED}.0.avsc"),
        &folder.read(&format!("{WRITTEN}.0.avsc")),
    );
    let page = text(
        Status::Problems,
        &["diff", folder.as_str(), folder.as_str()],
    );
    for line in [
        format!("- {WRITTEN}.1.avsc: not JSON: EOF while parsing an object"),
        format!("- {SHARED}.0.avsc: it is the schema of `{WRITTEN}`, by its `namespace`"),
    ] {
        assert!(flat(&page).contains(&line), "{line}\n{page}");
    }
}

#[test]
fn sides_that_are_not_there_are_refused() {
    let empty = Folder::new("diff_empty");
    for (side, expected) in [
        (
            "nowhere",
            "`nowhere` is neither a file nor a folder; expected a schema file, a folder of them",
        ),
        (
            empty.as_str(),
            "holds no schema files; expected files called `<event type>.<minor version>.avsc`",
        ),
        (
            "git:--help",
            "names no revision; expected `git:REVISION[:PATH]`",
        ),
    ] {
        let error = refusal(&["diff", side, "binary"]);
        assert!(
            error.starts_with("error: ") && error.contains(expected),
            "{error}"
        );
    }
}
