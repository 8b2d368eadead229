//! `events_core::testing::schema_files!`, the test of one line.

use std::env;
use std::panic;
use std::process::Command;

use super::{Folder, MOVED, SHARED};

/// Names the package that the test below is about, when it is run by another one.
const PACKAGE: &str = "CLI_SCHEMA_PACKAGE";

/// What the macro calls, for a package that the environment names: a process has one environment.
#[test]
fn of_a_package() {
    if let Ok(package) = env::var(PACKAGE) {
        events_core::testing::__check_schema_files("cli_schema", &package, "notes");
    }
}

/// Whether the test above passes for the package, and what it says.
fn check(package: &Folder, accept: Option<&str>) -> (bool, String) {
    let mut command = Command::new(env::current_exe().expect("this test"));
    command
        .args(["--exact", "one_line_test::of_a_package", "--nocapture"])
        .env(PACKAGE, package.path())
        .env_remove("EVENTS_SCHEMA_ACCEPT");
    if let Some(accept) = accept {
        command.env("EVENTS_SCHEMA_ACCEPT", accept);
    }
    let output = command.output().expect("it runs");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn it_fails_until_the_files_are_accepted() {
    let package = Folder::new("one_line");
    let copies = Folder::copied("one_line_copies");
    let schemas = package.path().join("schemas");
    std::fs::rename(copies.path(), &schemas).expect("the folder");

    for accept in [None, Some("0"), Some("")] {
        let (passed, said) = check(&package, accept);
        assert!(!passed);
        let expected = format!(
            "the schema files of `cli_schema`, in {schemas}, have 2 problems\n\n\
             [schema-file-missing] {MOVED}.3.avsc: the event has no schema file of its minor version 3\n\
             \u{20} remedy: run `events schema accept`, which writes it\n\n\
             [schema-file-missing] {SHARED}.0.avsc: the event has no schema file of its minor version 0\n\
             \u{20} remedy: run `events schema accept`, which writes it\n\n\
             What is missing is written by `EVENTS_SCHEMA_ACCEPT=1 cargo test -p notes`, or by `events schema accept \
             --package notes`\n",
            schemas = schemas.display()
        );
        assert!(said.contains(&expected), "{said}\nis not\n{expected}");
    }
    let (passed, said) = check(&package, Some("1"));
    assert!(passed, "{said}");
    let (passed, said) = check(&package, None);
    assert!(passed, "{said}");

    // What says something else is not written over.
    let file = schemas.join(format!("{SHARED}.0.avsc"));
    std::fs::write(&file, "{}").expect("the file");
    let (passed, said) = check(&package, Some("1"));
    assert!(!passed && said.contains("have 1 problem\n"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "{}");
}

#[test]
fn the_macro_knows_crate_and_folder() {
    // The folder of this package is that of many test binaries, so there are files of unknown events in it.
    let problem =
        panic::catch_unwind(|| events_core::testing::schema_files!()).expect_err("problems");
    let text = problem.downcast_ref::<String>().expect("a text");
    let start = format!(
        "the schema files of `cli_schema`, in {}/schemas, have ",
        env!("CARGO_MANIFEST_DIR")
    );
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("cargo test -p events-tests`"), "{text}");

    let problem = panic::catch_unwind(|| events_core::testing::schema_files!(serde_json));
    let problem = problem.expect_err("a crate without events");
    let text = problem.downcast_ref::<String>().expect("a text");
    assert!(
        text.starts_with("no event of a crate `serde_json` is linked into this test"),
        "{text}"
    );
}
