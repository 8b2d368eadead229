//! `events doctor` on a binary whose registry has problems: two receivers of one id, two events of one type. A binary of
//! its own, because the registry is the binary's.

#![expect(
    missing_docs,
    clippy::exhaustive_structs,
    reason = "the events of a test"
)]

use events_cli::Status;
use events_core::{event, receiver};
use serde_json::Value;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

#[event(type = "org.example.shop.order.placed.v1", signal = ORDER_PLACED_AGAIN)]
pub struct OrderPlacedAgain {
    pub number: i64,
}

#[receiver(ORDER_PLACED, id = "shop.pack")]
fn pack(_number: i64) {}

#[receiver(ORDER_PLACED_AGAIN, id = "shop.pack")]
fn pack_again(_number: i64) {}

fn run(args: &[&str]) -> (Status, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(args, &mut out, &mut err);
    // The doctor tells the problems; the others say that there are some.
    let hint = if args.contains(&"doctor") {
        ""
    } else {
        "hint: the event registry has 2 problems; see `events doctor`\n"
    };
    assert_eq!(String::from_utf8(err).expect("UTF-8"), hint);
    (status, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn doctor_finds_both() {
    let (status, out) = run(&["events", "doctor", "--json"]);
    assert_eq!(status, Status::Problems);
    let document: Value = serde_json::from_str(&out).unwrap();
    let problems = document["problems"].as_array().unwrap();
    let kinds: Vec<_> = problems.iter().map(|problem| &problem["kind"]).collect();
    assert_eq!(kinds, ["duplicate_event_type", "duplicate_receiver"]);

    let (status, out) = run(&["events", "doctor"]);
    assert_eq!(status.code(), 1);
    assert!(
        out.contains("\n2 problems\n\n  1. event type `org.example.shop.order.placed.v1` is"),
        "{out}"
    );
    assert!(
        out.contains("\n  2. receiver id `shop.pack` is used 2 times"),
        "{out}"
    );
}

/// What is broken is what somebody asks about: both are shown, each with its own wiring.
#[test]
fn the_ambiguous_is_explained_twice() {
    let (status, out) = run(&["events", "why", "shop.pack", "--json"]);
    assert_eq!(status, Status::Ok);
    let document: Value = serde_json::from_str(&out).unwrap();
    let receivers = document["receivers"].as_array().unwrap();
    let mut found: Vec<_> = receivers
        .iter()
        .map(|why| {
            let function = why["receiver"]["function"].as_str().unwrap();
            (function, why["wired"][0]["signal"].as_str().unwrap())
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("cli_duplicates::pack", "ORDER_PLACED"),
            ("cli_duplicates::pack_again", "ORDER_PLACED_AGAIN"),
        ]
    );
    let (_, out) = run(&[
        "events",
        "show",
        "org.example.shop.order.placed.v1",
        "--json",
    ]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["events"].as_array().map(Vec::len), Some(2));
}
