//! `events doctor` and `events why` on a binary that expects a plugin which does not state itself. A binary of its own,
//! because the registry is the binary's.

#![expect(
    missing_docs,
    clippy::exhaustive_structs,
    reason = "the events of a test"
)]

use events_cli::Status;
use events_core::event;
use serde_json::Value;

// A crate that is linked, and no plugin.
events_core::plugins!(serde_json);

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn run(args: &[&str]) -> (Status, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(args, &mut out, &mut err);
    // The doctor tells the problems; the others say that there are some.
    let hint = if args.contains(&"doctor") {
        ""
    } else {
        "hint: the event registry has 1 problem; see `events doctor`\n"
    };
    assert_eq!(String::from_utf8(err).expect("UTF-8"), hint);
    (status, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn doctor_says_which_and_where_and_what_to_do() {
    let (status, out) = run(&["events", "doctor", "--json"]);
    assert_eq!(status, Status::Problems);
    let document: Value = serde_json::from_str(&out).unwrap();
    let [problem] = document["problems"].as_array().unwrap().as_slice() else {
        panic!("one problem: {out}");
    };
    assert_eq!(problem["kind"], "missing_plugin");
    let message = problem["message"].as_str().unwrap();
    assert!(
        message.starts_with("plugin `serde_json` is expected at "),
        "{message}"
    );
    assert!(message.contains(file!()), "{message}");

    let (status, out) = run(&["events", "doctor"]);
    assert_eq!(status, Status::Problems);
    assert!(
        out.contains("\n1 problem\n\n  1. plugin `serde_json` is expected at "),
        "{out}"
    );
}

#[test]
fn why_says_that_receivers_may_be_missing() {
    let (status, out) = run(&["events", "why", "ORDER_PLACED", "--json"]);
    assert_eq!(status, Status::Ok);
    let document: Value = serde_json::from_str(&out).unwrap();
    let not_wired = document["signals"][0]["not_wired"].as_array().unwrap();
    let missing = not_wired
        .iter()
        .find(|item| item["reason"] == "plugin_missing");
    assert_eq!(missing.unwrap()["plugin"], "serde_json");
    let (_, out) = run(&["events", "why", "ORDER_PLACED"]);
    assert!(out.contains("plugin `serde_json` is expected at "), "{out}");
}
