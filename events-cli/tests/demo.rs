//! The `events` binary as it is shipped: the demo, and what a shell sees of it.
#![cfg(feature = "demo")]

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn events(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_events"))
        .args(args)
        .env_remove("EVENTS_CONFIG")
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn the_demo_tells_its_story() {
    let output = events(&["demo"]);
    let story = text(&output.stdout);
    assert!(output.status.success(), "{story}");
    assert_eq!(
        text(&output.stderr),
        "",
        "the failing assertion makes no noise"
    );
    for fact in [
        "example_audit 0.1.0, example_greeter 0.1.0",
        "1. audit.record",
        "2. example_greeter::receivers::send_welcome_mail",
        "3. demo.count_registrations",
        "ok       example_greeter::receivers::send_welcome_mail",
        "In the mailbox of ada: Welcome, ada!",
        "failed   example_greeter::receivers::send_welcome_mail\n              the mail server refused the address: it has no `@`\n     ok       demo.count_registrations",
        "fn registration_is_announced() {",
        "-       \"email\": \"ada@example.com\",\n     +       \"email\": \"ada@example.org\",",
        "error[E0609]: no field `customer` on type `&OrderPlaced`",
    ] {
        assert!(story.contains(fact), "{fact}\nis not in\n{story}");
    }
    assert!(!story.contains('\u{1b}'), "no colour");
    for line in story.lines() {
        assert!(line.chars().count() <= 100, "too wide: {line}");
    }
}

#[test]
fn the_demo_gives_the_same_facts_as_json() {
    let output = events(&["demo", "--json"]);
    assert!(output.status.success());
    let facts: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(facts["signal"]["name"], "STUDENT_REGISTRATION_COMPLETED");
    assert_eq!(facts["wired"].as_array().map(Vec::len), Some(3));
    let [good, bad] = facts["registrations"]
        .as_array()
        .expect("a list")
        .as_slice()
    else {
        panic!("two registrations: {facts}");
    };
    assert_eq!(good["ok"], true);
    assert_eq!(good["mails"], serde_json::json!(["Welcome, ada!"]));
    assert_eq!(bad["ok"], false);
    let outcomes: Vec<_> = bad["report"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| &line["outcome"])
        .collect();
    assert_eq!(outcomes, ["ok", "failed", "ok"]);
    assert_eq!((&bad["audited"], &bad["counted"]), (&1.into(), &2.into()));
    assert_eq!(facts["test"]["passed"], false);
}

#[test]
fn the_binary_knows_its_plugins() {
    let output = events(&["doctor", "--json"]);
    assert!(output.status.success());
    let facts: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        facts["checked"]["expected_plugins"],
        serde_json::json!(["example_audit", "example_greeter"])
    );
    assert_eq!(facts["problems"], serde_json::json!([]));
}

#[test]
fn a_reader_may_go_away() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_events"))
        .args(["demo", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary ends");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_wrong_command_line_is_refused() {
    for args in [&["frobnicate"][..], &["show"], &["list", "--frob"], &[]] {
        let output = events(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "");
        assert!(text(&output.stderr).contains("Usage: events"), "{args:?}");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    let help = events(&["--help"]);
    assert!(help.status.success());
    assert!(text(&help.stdout).contains("Exit codes:"));
    for line in text(&help.stdout).lines() {
        assert!(line.chars().count() <= 100, "too wide: {line}");
    }
    let version = events(&["--version"]);
    assert_eq!(
        text(&version.stdout),
        concat!("events ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
