//! What the compiler says to a user who made a mistake, word for word.
//!
//! Each file under `ui` is one mistake; beside it stands the message. After a change, `TRYBUILD=overwrite cargo test -p
//! events-tests --test compile_fail` writes the messages anew: read the diff as the user would.

use std::fs;
use std::path::{Path, PathBuf};

/// What no message may show: names that only our generated code has. (Where a trait of `__private` is missing, the compiler
/// names it below a message that says what that means.)
const INTERNAL: &[&str] = &[
    "__argument",
    "__attacher",
    "__delivery",
    "__event",
    "__owned",
    "__value",
    "__returned",
    "__slot",
    "inventory",
    "linkme",
    "macro expansion ignores",
    "proc-macro derive panicked",
    "custom attribute panicked",
];

/// The schema files of the cases.
const SCHEMAS: &str = "ui/schema/schemas";

#[test]
#[cfg_attr(not(pinned_messages), ignore = "messages are pinned for rustc 1.95")]
fn messages() {
    copy_schema_files();
    let tests = trybuild::TestCases::new();
    for folder in folders() {
        tests.compile_fail(folder.join("*.rs"));
    }
}

/// The cases are compiled as a package of their own, and `#[event]` looks for schema files in the package's folder.
fn copy_schema_files() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.expect("the folder for temporary files is inside of the target folder");
    let folder = target
        .join("tests/trybuild")
        .join(env!("CARGO_PKG_NAME"))
        .join("schemas");
    // A file of a case that is no more would be found.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    for file in files(Path::new(SCHEMAS)) {
        let name = file.file_name().expect("a file has a name");
        fs::copy(&file, folder.join(name)).expect("the target folder is writable");
    }
}

#[test]
fn every_case_has_a_header_and_a_message_without_internals() {
    let mut problems = Vec::new();
    let mut cases = 0;
    for path in folders().iter().flat_map(|folder| files(folder)) {
        let text = fs::read_to_string(&path).expect("a file of the repository is readable");
        let name = path.display();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => {
                cases += 1;
                if !text.starts_with("//! ") {
                    problems.push(format!(
                        "{name} does not say in its first line what a user did"
                    ));
                }
                if !path.with_extension("stderr").exists() {
                    problems.push(format!("{name} has no message beside it"));
                }
            }
            Some("stderr") => {
                if !path.with_extension("rs").exists() {
                    problems.push(format!("{name} belongs to no case"));
                }
                for internal in INTERNAL.iter().filter(|internal| text.contains(**internal)) {
                    problems.push(format!("{name} shows `{internal}`"));
                }
            }
            _ => problems.push(format!("{name} is neither a case nor a message")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(cases >= 80, "only {cases} cases");
}

/// Every folder with files in it: `ui/<cause>` and `ui/<macro>/<cause>`.
fn folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("ui")];
    while let Some(folder) = open.pop() {
        let mut inner = entries(&folder);
        inner.retain(|path| path.is_dir() && path != Path::new(SCHEMAS));
        open.append(&mut inner);
        if !files(&folder).is_empty() {
            found.push(folder);
        }
    }
    found.sort();
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = entries(folder);
    files.retain(|path| path.is_file());
    files.sort();
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of the cases is readable");
    entries
        .map(|entry| entry.expect("the folder of the cases is readable").path())
        .collect()
}
