//! Runs the command, for what it answers.

use std::fs;
use std::path::{Path, PathBuf};

use events_cli::Status;

pub(crate) fn run(args: &[&str]) -> (Status, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(["events"].iter().chain(args).copied(), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status, text(out), text(err))
}

/// The answer of a command that succeeds.
#[track_caller]
pub(crate) fn answer(args: &[&str]) -> String {
    let (status, out, err) = run(args);
    assert_eq!((status, err.as_str()), (Status::Ok, ""), "{out}");
    out
}

/// A folder of the test's own, that is not there yet.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("docs")
        .join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it is the test's own");
    }
    folder
}
