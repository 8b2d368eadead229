//! `events schema` finds the folder of a package by cargo, from the current directory, which belongs to the whole
//! process: one test.

#![expect(
    missing_docs,
    clippy::exhaustive_structs,
    reason = "the events of a test"
)]

use std::env;
use std::fs;
use std::path::Path;

use events_catalog as _;
use events_cli::Status;
use events_core::event;
use serde_json::Value;

/// Its crate is this test, which the workspace below has as a package, too.
#[event(type = "org.example.filing.folder.opened.v1")]
pub struct FolderOpened {
    pub number: i64,
}

fn run(args: &[&str]) -> (Status, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["events", "schema"].iter().chain(args).copied();
    let status = events_cli::run(args, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status, text(out), text(err))
}

#[track_caller]
fn document(expected: Status, args: &[&str]) -> Value {
    let (status, out, err) = run(&[args, &["--json"]].concat());
    assert_eq!((status, err.as_str()), (expected, ""), "{out}");
    serde_json::from_str(&out).expect("JSON")
}

#[track_caller]
fn refusal(args: &[&str]) -> String {
    let (status, out, err) = run(args);
    assert_eq!((status, out.as_str()), (Status::Usage, ""), "{err}");
    err
}

#[test]
fn folders_are_those_of_the_packages() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli_schema_packages");
    let _ = fs::remove_dir_all(&root);
    let package = root.join("filing");
    fs::create_dir_all(package.join("src")).expect("a folder");
    fs::write(
        root.join("Cargo.toml"),
        "[workspace]\nmembers = [\"filing\"]\n",
    )
    .expect("a file");
    fs::write(
        package.join("Cargo.toml"),
        "[package]\nname = \"filing\"\nedition = \"2024\"\n\n[lib]\nname = \"cli_schema_packages\"\n",
    )
    .expect("a file");
    fs::write(package.join("src/lib.rs"), "").expect("a file");
    env::set_current_dir(&root).expect("the folder is there");

    // What is in the workspace is checked, and what is not is said.
    let checked = document(Status::Problems, &["check"]);
    let packages = checked["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), 1);
    assert_eq!(packages[0]["package"], "filing");
    assert_eq!(packages[0]["crate"], "cli_schema_packages");
    assert_eq!(packages[0]["folder"], "filing/schemas");
    assert_eq!(packages[0]["problems"][0]["kind"], "schema-file-missing");
    let skipped = checked["skipped"].as_array().expect("what is skipped");
    let catalog = skipped
        .iter()
        .find(|skipped| skipped["crate"] == "events_catalog");
    let because = catalog.expect("the catalog")["because"]
        .as_str()
        .expect("a text");
    assert!(
        because.starts_with("the crate `events_catalog` belongs to no package of the workspace"),
        "{because}"
    );

    // By the name of the package, and by that of the crate.
    let accepted = document(Status::Ok, &["accept", "--package", "filing"]);
    let file = "filing/schemas/org.example.filing.folder.opened.v1.0.avsc";
    assert_eq!(accepted["packages"][0]["written"][0]["file"], file);
    assert_eq!(
        fs::read_to_string(root.join(file)).expect("the file"),
        FOLDER_OPENED.event().avro_schema().to_string()
    );
    document(Status::Ok, &["check", "-p", "cli-schema-packages"]);

    // From below, too.
    env::set_current_dir(package.join("src")).expect("the folder is there");
    document(Status::Ok, &["check", "-p", "filing"]);

    let error = refusal(&["accept", "--package", "events-catalog"]);
    assert!(
        error.contains("those of a dependency are not to be written. Run this in the workspace of the catalog, or name the folder"),
        "{error}"
    );
    let error = refusal(&["accept", "--dir", "schemas"]);
    assert!(
        error.contains("say with `--package` whose folder it is"),
        "{error}"
    );

    // Where there is no workspace.
    env::set_current_dir("/").expect("the folder is there");
    let error = refusal(&["check"]);
    assert!(
        error.starts_with(
            "error: cargo finds no packages from the current directory: could not find `Cargo.toml`"
        ),
        "{error}"
    );
}
