//! `events schema accept`.

use events_cli::Status;
use serde_json::json;

use super::{Folder, MOVED, NOTE_MOVED, NOTE_SHARED, SHARED, WRITTEN, document, refusal, text};

#[test]
fn what_is_missing_is_written_and_nothing_else() {
    let folder = Folder::copied("accept");
    let before = folder.files();
    let would = text(Status::Ok, &folder.arguments(&["accept", "--dry-run"]));
    assert_eq!(
        would,
        format!(
            "Would write\n  {folder}/{MOVED}.3.avsc\n  {folder}/{SHARED}.0.avsc\n\n\
             2 files to write, 2 as they should be\n",
            folder = folder.as_str()
        )
    );
    assert_eq!(folder.files(), before);

    let wrote = text(Status::Ok, &folder.arguments(&["accept"]));
    assert_eq!(
        wrote,
        format!(
            "Wrote\n  {folder}/{MOVED}.3.avsc\n  {folder}/{SHARED}.0.avsc\n\n\
             2 files written, 2 as they should be\n\
             Commit them: from the next build on, the compiler holds the events to them\n",
            folder = folder.as_str()
        )
    );
    let mut expected = before;
    for (file, signal) in [
        (format!("{MOVED}.3.avsc"), NOTE_MOVED.event()),
        (format!("{SHARED}.0.avsc"), NOTE_SHARED.event()),
    ] {
        expected.insert(file, signal.avro_schema().to_string());
    }
    assert_eq!(folder.files(), expected);

    // Once more, and nothing happens.
    assert_eq!(
        text(Status::Ok, &folder.arguments(&["accept"])),
        "0 files written, 4 as they should be\n"
    );
    text(Status::Ok, &folder.arguments(&["check"]));
    assert_eq!(folder.files(), expected);
}

#[test]
fn the_folder_is_made() {
    let folder = Folder::new("accept_new");
    let below = folder.path().join("a/schemas");
    let below = below.to_str().expect("UTF-8");
    let args = ["accept", "NOTE_SHARED", SHARED, "--dir", below];
    assert_eq!(
        document(Status::Ok, &args),
        json!({
            "ok": true,
            "dry_run": false,
            "packages": [{
                "package": "cli_schema",
                "crate": "cli_schema",
                "folder": below,
                "written": [{
                    "event_type": SHARED,
                    "minor_version": 0,
                    "file": format!("{below}/{SHARED}.0.avsc"),
                    "anew": false,
                }],
                "unchanged": [],
                "refused": [],
            }],
            "skipped": [],
        })
    );
}

#[test]
fn what_says_something_else_is_left() {
    let folder = Folder::copied("accept_refused");
    let file = format!("{SHARED}.0.avsc");
    let theirs = NOTE_SHARED
        .event()
        .avro_schema()
        .to_string()
        .replace("\"long\"", "\"string\"");
    folder.write(&file, &theirs);
    folder.write(&format!("{WRITTEN}.1.avsc"), "no schema");
    let page = text(Status::Problems, &folder.arguments(&["accept"]));
    assert!(
        page.starts_with(&format!(
            "Wrote\n  {folder}/{MOVED}.3.avsc\n\nLeft as it is\n\n\
             \u{20} 1. {folder}/{file}\n\
             \u{20}    [schema-file-differs] the struct says something else:\n\
             \u{20}      [type-changed] `number` was `string` and is `long`\n\
             \u{20}    remedy: restore what the file says, or declare a new event of type\n",
            folder = folder.as_str()
        )),
        "{page}"
    );
    assert!(
        page.contains("[schema-file-unreadable] not JSON: expected ident at line 1 column 2"),
        "{page}"
    );
    assert!(
        page.contains("\n1 file written, 1 as they should be, 2 problems\n"),
        "{page}"
    );
    assert_eq!(folder.read(&file), theirs);
}

#[test]
fn what_means_the_same_is_written_anew() {
    let folder = Folder::copied("accept_anew");
    let file = format!("{WRITTEN}.1.avsc");
    let ours = folder.read(&file);
    folder.edit(&file, "\"default\": false", "\"default\": true");
    let args = folder.arguments(&["accept", WRITTEN]);
    let page = text(Status::Ok, &args);
    assert!(
        page.contains(".1.avsc (anew: what was there meant the same)\n"),
        "{page}"
    );
    assert_eq!(folder.read(&file), ours);
}

#[test]
fn an_older_binary_writes_nothing() {
    let folder = Folder::copied("accept_older");
    folder.write(
        &format!("{SHARED}.1.avsc"),
        &folder.read(&format!("{WRITTEN}.1.avsc")),
    );
    let args = folder.arguments(&["accept", SHARED]);
    let page = text(Status::Problems, &args);
    assert!(page.contains("[minor-version-lowered]"), "{page}");
    assert!(!folder.path().join(format!("{SHARED}.0.avsc")).exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let folder = Folder::new("accept_unwritable");
    let link = folder.path().join("schemas");
    std::os::unix::fs::symlink(folder.path().join("gone/schemas"), &link).expect("a link");
    let link = link.to_str().expect("UTF-8");
    let page = text(Status::Problems, &["accept", "NOTE_SHARED", "--dir", link]);
    assert!(
        page.contains("[schema-file-unwritable] it cannot be written into"),
        "{page}"
    );
}

#[test]
fn events_that_are_not_there_are_refused() {
    let error = refusal(&["accept", "NOTE_SHAARED"]);
    assert!(error.contains("did you mean `NOTE_SHARED`?"), "{error}");
}
