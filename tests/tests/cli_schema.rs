//! `events schema`, embedded: this test binary is the catalog.
//!
//! The compiler read the files `org.example.filing.*` in `tests/schemas`; what the commands check and write are copies of
//! them.

#![expect(
    missing_docs,
    clippy::exhaustive_structs,
    reason = "the events of a test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use events_cli::Status;
use events_core::{EventData, event};
use serde_json::{Value, json};

#[path = "cli_schema/accept.rs"]
mod accept;
#[path = "cli_schema/check.rs"]
mod check;
#[path = "cli_schema/diff.rs"]
mod diff;
#[path = "cli_schema/git.rs"]
mod git;
#[path = "cli_schema/one_line_test.rs"]
mod one_line_test;
#[path = "cli_schema/property.rs"]
mod property;

const WRITTEN: &str = "org.example.filing.note.written.v1";
const DELETED: &str = "org.example.filing.note.deleted.v1";
const SHARED: &str = "org.example.filing.note.shared.v1";
const MOVED: &str = "org.example.filing.note.moved.v1";

#[event(type = "org.example.filing.note.written.v1", minor_version = 1)]
pub struct NoteWritten {
    pub text: String,
    pub writer: Writer,
    pub readers: Option<Vec<Writer>>,
    #[event_data(default = false)]
    pub pinned: bool,
}

#[derive(Clone, PartialEq, EventData)]
pub struct Writer {
    pub id: i64,
    #[event_data(pii)]
    pub email: String,
}

/// Its minor version 0 has about every type that Avro has, and Rust structs have not.
#[event(type = "org.example.filing.note.deleted.v1", minor_version = 1)]
pub struct NoteDeleted {
    pub number: i64,
}

/// It has no schema file.
#[event(type = "org.example.filing.note.shared.v1")]
pub struct NoteShared {
    pub number: i64,
    pub with: Option<String>,
}

/// It has none, either.
#[event(type = "org.example.filing.note.moved.v1", minor_version = 3)]
pub struct NoteMoved {
    pub number: i64,
}

fn run(args: &[&str]) -> (Status, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["events", "schema"].iter().chain(args).copied();
    let status = events_cli::run(args, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status, text(out), text(err))
}

/// The text of a command that ends in this way.
#[track_caller]
fn text(expected: Status, args: &[&str]) -> String {
    let (status, out, err) = run(args);
    assert_eq!((status, err.as_str()), (expected, ""), "{out}");
    out
}

/// The document of a command that ends in this way.
#[track_caller]
fn document(expected: Status, args: &[&str]) -> Value {
    serde_json::from_str(&text(expected, &[args, &["--json"]].concat())).expect("JSON")
}

/// What a command complains of that cannot be carried out.
#[track_caller]
fn refusal(args: &[&str]) -> String {
    let (status, out, err) = run(args);
    assert_eq!((status, out.as_str()), (Status::Usage, ""), "{err}");
    err
}

/// The text as if no line of it had wrapped.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn our_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// A folder of its own for a test.
struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli_schema_{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// One with copies of the files that the compiler read.
    fn copied(name: &str) -> Self {
        let folder = Self::new(name);
        for entry in fs::read_dir(our_files()).expect("our files") {
            let entry = entry.expect("a file");
            let name = entry.file_name().into_string().expect("UTF-8");
            if name.starts_with("org.example.filing.") {
                fs::copy(entry.path(), folder.path().join(&name)).expect("a copy");
            }
        }
        folder
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn as_str(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).expect(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect(name);
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.0.join(name)).expect(name);
    }

    /// Replaces a piece of a file.
    fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name}: {text}");
        self.write(name, &text.replacen(old, new, 1));
    }

    /// All files, by name.
    fn files(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(&self.0).expect("the folder");
        let names = entries.map(|entry| entry.expect("a file").file_name());
        names
            .map(|name| name.into_string().expect("UTF-8"))
            .map(|name| (name.clone(), self.read(&name)))
            .collect()
    }

    /// Runs a command on the folder.
    fn arguments<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--dir", self.as_str(), "--package", "cli-schema"]].concat()
    }
}

#[test]
fn list_shows_versions_and_state() {
    let listed = text(Status::Ok, &["list", "--package", "cli_schema"]);
    assert!(
        listed.starts_with(
            "Catalog cli_schema\n\n\
             EVENT TYPE                          MINOR  FILES                  PERSONAL  STATE\n\
             org.example.filing.note.deleted.v1      1  1, 0                             1 waiver\n\
             org.example.filing.note.moved.v1        3                                   no file yet\n\
             org.example.filing.note.shared.v1       0                                   no file yet\n\
             org.example.filing.note.written.v1      1  1, 0, 0-before-writer         2  ok\n\n\
             4 "
        ),
        "{listed}"
    );
}

#[test]
fn list_shows_personal_data() {
    let listed = text(Status::Ok, &["list", "filing", "--personal"]);
    assert!(
        listed.contains(
            "Personal data\n\
             \u{20} org.example.filing.note.written.v1\n\
             \u{20}   writer.email, readers[].email\n"
        ),
        "{listed}"
    );
    assert!(!listed.contains(DELETED), "{listed}");
}

#[test]
fn list_is_a_document() {
    let document = document(Status::Ok, &["list", "FILING.note.deleted"]);
    assert_eq!(
        document["schemas"],
        json!([{
            "event_type": DELETED,
            "signal": "NOTE_DELETED",
            "catalog": "cli_schema",
            "minor_version": 1,
            "state": "waived",
            "files": [
                { "file": format!("{DELETED}.1.avsc"), "minor_version": 1, "label": null },
                { "file": format!("{DELETED}.0.avsc"), "minor_version": 0, "label": null },
            ],
            "waivers": [{
                "against": format!("{DELETED}.0.avsc"),
                "rule": "field-removed",
                "path": "reason",
                "reason": "Nobody has ever read it.",
            }],
            "personal": [],
        }])
    );
    assert!(document["total"].as_u64() >= Some(4));
}

#[test]
fn print_gives_what_the_file_holds() {
    let schema = text(Status::Ok, &["print", "NOTE_WRITTEN"]);
    assert_eq!(schema, NOTE_WRITTEN.event().avro_schema().to_string());
    let by_type = text(Status::Ok, &["print", WRITTEN, "--minor", "1"]);
    assert_eq!(by_type, schema);

    let older = text(Status::Ok, &["print", WRITTEN, "--minor", "0"]);
    let file = fs::read_to_string(our_files().join(format!("{WRITTEN}.0.avsc"))).expect("a file");
    assert_eq!(older, file);

    let former = ["print", WRITTEN, "--minor", "0-before-writer"];
    let printed: Value = serde_json::from_str(&text(Status::Ok, &former)).expect("JSON");
    assert_eq!(printed["fields"][0]["name"], "writer");
}

#[test]
fn print_is_a_document_in_the_order_of_the_file() {
    let text = text(Status::Ok, &["print", "NoteShared", "--json"]);
    assert!(
        text.starts_with(
            "{\n  \"event_type\": \"org.example.filing.note.shared.v1\",\n  \"minor_version\": 0,\n  \"label\": null,\n  \
             \"schema\": {\n    \"name\": \"CloudEvent\",\n    \"type\": \"record\",\n"
        ),
        "{text}"
    );
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["schema"]["namespace"], SHARED);
    let former = ["print", WRITTEN, "--minor", "0-before-writer"];
    assert_eq!(
        self::document(Status::Ok, &former)["label"],
        "before-writer"
    );
}

#[test]
fn print_says_what_there_is_instead() {
    assert_eq!(
        refusal(&["print", "NOTE_WRITEN"]),
        "error: this binary has no signal `NOTE_WRITEN`; did you mean `NOTE_WRITTEN`?\n"
    );
    assert_eq!(
        refusal(&["print", "NOTE_WRITTEN", "--minor", "7"]),
        "error: `org.example.filing.note.written.v1` has no version `7`; it has 1, 0, 0-before-writer\n"
    );
    assert_eq!(
        refusal(&["print", "NOTE_SHARED", "--minor", "1"]),
        "error: `org.example.filing.note.shared.v1` has no version `1`; it has 0\n"
    );
}
