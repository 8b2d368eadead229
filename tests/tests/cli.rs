//! The `events` command, embedded: this test binary is "any binary with its own events and receivers".
//!
//! It names the example plugins, too, so that what is linked does not depend on whether another package of the build
//! asks for the demo of `events-cli`, which links them.

#![expect(
    missing_docs,
    clippy::exhaustive_structs,
    reason = "the events of a test"
)]

use std::path::{Path, PathBuf};

use events_cli::Status;
use events_core::{EventData, EventMetadata, event, receiver, testing};
use serde_json::{Value, json};

#[path = "cli/why_and_doctor.rs"]
mod why_and_doctor;

events_core::plugins!(example_greeter, example_audit);
events_core::plugin!();

/// Emitted when an order was placed.
///
/// Once for each order.
#[event(type = "org.example.shop.order.placed.v1", key = number, minor_version = 3)]
pub struct OrderPlaced {
    /// The number that the customer sees.
    pub number: i64,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct OrderLine {
    /// The name of the article.
    pub article: String,
    pub pieces: i64,
}

/// Emitted when an order was cancelled.
#[event(type = "org.example.shop.order.cancelled.v1")]
pub struct OrderCancelled {
    pub number: i64,
}

#[receiver(ORDER_PLACED, id = "shop.pack", alias = "shop.wrap")]
fn pack(_number: i64) {}

#[receiver(ORDER_PLACED, ORDER_CANCELLED, id = "shop.notify", priority = 5)]
fn notify(_number: i64, _metadata: &EventMetadata) {}

#[receiver(ORDER_PLACED, manual, durable, id = "shop.bill")]
fn write_bill(_number: i64) {}

#[receiver(ORDER_PLACED)]
async fn ship(_number: i64) {
    std::future::ready(()).await;
}

fn run(args: &[&str]) -> (Status, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(["events"].iter().chain(args).copied(), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status, text(out), text(err))
}

/// The text of a command that succeeds.
#[track_caller]
fn text(args: &[&str]) -> String {
    let (status, out, err) = run(args);
    assert_eq!((status, err.as_str()), (Status::Ok, ""), "{out}");
    out
}

/// The document of a command that succeeds.
#[track_caller]
fn json(args: &[&str]) -> Value {
    serde_json::from_str(&text(&[args, &["--json"]].concat())).expect("JSON")
}

/// What an array of objects has under a key.
#[track_caller]
fn each<'v>(array: &'v Value, key: &str) -> Vec<&'v Value> {
    array
        .as_array()
        .expect("an array")
        .iter()
        .map(|item| &item[key])
        .collect()
}

/// A configuration in a file of its own.
fn configuration(name: &str, toml: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, toml).expect("the folder is there");
    path
}

#[test]
fn list_shows_the_signals_of_this_binary() {
    let _scope = testing::scope();
    assert_eq!(
        text(&["list", "--subdomain", "shop"]),
        "Catalog cli\n\n\
         SIGNAL           EVENT TYPE                           MINOR  RECEIVERS\n\
         ORDER_CANCELLED  org.example.shop.order.cancelled.v1      0          2\n\
         ORDER_PLACED     org.example.shop.order.placed.v1         3          4\n\
         \u{20}                1 manual receiver not connected\n\n\
         2 of 77 signals\n"
    );
    let all = text(&["list"]);
    assert!(all.contains("Catalog cli\n") && all.contains("Catalog events_catalog\n"));
    assert!(all.ends_with("\n77 signals\n"), "{all}");
}

#[test]
fn list_filters_by_text() {
    let _scope = testing::scope();
    let listed = |args: &[&str]| {
        let document = json(&[&["list"], args].concat());
        assert_eq!(document["total"], 77);
        let names = each(&document["signals"], "name").into_iter();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&["Order_Pl"]), ["ORDER_PLACED"]);
    assert_eq!(
        listed(&["org.example"]),
        ["ORDER_CANCELLED", "ORDER_PLACED"]
    );
    assert_eq!(listed(&["order", "--subdomain", "learning"]), [""; 0]);
    assert_eq!(listed(&["--subdomain", "learning"]).len(), 37);
}

#[test]
fn list_says_what_is_disabled() {
    let _scope = testing::scope();
    ORDER_CANCELLED.disable();
    let shop = text(&["list", "--subdomain", "shop"]);
    assert!(shop.contains("disabled: sending has no effect"), "{shop}");
    let signal = &json(&["list", "cancelled"])["signals"][0];
    assert_eq!(
        *signal,
        json!({
            "name": "ORDER_CANCELLED",
            "path": "cli::ORDER_CANCELLED",
            "event_type": "org.example.shop.order.cancelled.v1",
            "minor_version": 0,
            "subdomain": "shop",
            "catalog": "cli",
            "enabled": false,
            "receivers": 2,
            "not_connected": 0,
            "file": file!(),
            "line": ORDER_CANCELLED.info().location.line,
        })
    );
}

#[test]
fn show_tells_everything_about_an_event() {
    let _scope = testing::scope();
    let shown = text(&["show", "ORDER_PLACED"]);
    let line = ORDER_PLACED.info().location.line;
    let start = format!(
        "ORDER_PLACED\n  Emitted when an order was placed.\n\n  Once for each order.\n\n\
         \u{20} event type     org.example.shop.order.placed.v1\n\
         \u{20} minor version  3\n\
         \u{20} signal         cli::ORDER_PLACED\n\
         \u{20} event          cli::OrderPlaced\n\
         \u{20} key            number\n\
         \u{20} schema files   none yet\n\
         \u{20} declared       {}:{line}\n\n\
         Fields\n\
         \u{20} number     long                The number that the customer sees.\n\
         \u{20} lines      array of OrderLine  What was ordered.\n\
         \u{20}   article  string              The name of the article.\n\
         \u{20}   pieces   long\n\
         \u{20} note       optional string\n\n\
         4 receivers, in the order in which they run\n\
         \u{20} PRIORITY  RECEIVER      KIND\n\
         \u{20}     -100  audit.record  linked, wants metadata\n",
        file!()
    );
    assert!(shown.starts_with(&start), "{shown}\nis not\n{start}");
    assert!(
        shown.contains("Manual receivers that nothing connects\n  PRIORITY  RECEIVER   KIND\n         0  shop.bill  manual, not connected, durable\n"),
        "{shown}"
    );
}

#[test]
fn show_marks_personal_data_and_schema_files() {
    let shown = text(&["show", "STUDENT_REGISTRATION_COMPLETED"]);
    assert!(shown.contains("schema files   0\n"), "{shown}");
    assert!(
        shown.contains("[personal data] The user's email address."),
        "{shown}"
    );
    let shown = text(&["show", "XBLOCK_DUPLICATED"]);
    assert!(
        shown.contains("schema files   0, 0-before-version\n"),
        "{shown}"
    );
    let document = json(&["show", "STUDENT_REGISTRATION_COMPLETED"]);
    let pii = &document["events"][0]["fields"][0]["fields"][2];
    assert_eq!(pii["name"], "pii");
    assert_eq!(each(&pii["fields"], "personal"), [true, true, true]);
}

#[test]
fn show_finds_an_event_by_every_name() {
    let _scope = testing::scope();
    for name in [
        "org.example.shop.order.placed.v1",
        "ORDER_PLACED",
        "OrderPlaced",
        "cli::ORDER_PLACED",
        "cli::OrderPlaced",
    ] {
        let document = json(&["show", name]);
        let [event] = document["events"].as_array().unwrap().as_slice() else {
            panic!("one event: {document}");
        };
        assert_eq!(event["signal"]["name"], "ORDER_PLACED", "{name}");
        assert_eq!(event["event"], "cli::OrderPlaced");
        assert_eq!(event["fields"][1]["fields"][0]["name"], "article");
        assert_eq!(each(&event["not_connected"], "id"), ["shop.bill"]);
        assert_eq!(
            each(&event["receivers"], "id"),
            ["audit.record", "cli::ship", "shop.pack", "shop.notify"]
        );
    }
    for name in [
        "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED",
        // As users write it: the module that declares it is private.
        "events_catalog::learning::SESSION_LOGIN_COMPLETED",
        "events_catalog::learning::SessionLoginCompleted",
    ] {
        let document = json(&["show", name]);
        assert_eq!(
            each(&document["events"], "event"),
            ["events_catalog::learning::signals::SessionLoginCompleted"]
        );
    }
}

#[test]
fn receivers_come_in_their_order() {
    let _scope = testing::scope();
    let _connection = ORDER_PLACED.connect_with("shop.closure", 0, |_| {});
    let document = json(&["receivers", "--plugin", "cli"]);
    assert_eq!(
        each(&document["receivers"], "id"),
        ["cli::ship", "shop.bill", "shop.pack", "shop.notify"]
    );
    let document = json(&["receivers", "--signal", "OrderPlaced"]);
    assert_eq!(
        each(&document["receivers"], "id"),
        [
            "audit.record",
            "cli::ship",
            "shop.bill",
            "shop.pack",
            "shop.closure",
            "shop.notify"
        ]
    );
    let [any, ship, bill, pack, closure, notify] =
        document["receivers"].as_array().unwrap().as_slice()
    else {
        panic!("six receivers: {document}");
    };
    assert_eq!(
        (&any["any"], &any["plugin"]),
        (&true.into(), &"example_audit".into())
    );
    assert_eq!(
        (&ship["async"], &ship["durable"]),
        (&true.into(), &false.into())
    );
    assert_eq!(bill["durable"], true);
    assert_eq!(
        (&bill["kind"], &bill["connected"]),
        (&"manual".into(), &false.into())
    );
    assert_eq!(bill["signals"][0]["position"], Value::Null);
    assert_eq!(pack["aliases"], json!(["shop.wrap"]));
    assert_eq!(
        (&closure["kind"], &closure["plugin"]),
        (&"connected".into(), &Value::Null)
    );
    assert_eq!(
        *notify,
        json!({
            "id": "shop.notify",
            "aliases": [],
            "function": "cli::notify",
            "plugin": "cli",
            "kind": "linked",
            "priority": 5,
            "async": false,
            "durable": false,
            "wants_metadata": true,
            "any": false,
            "connected": true,
            "signals": [
                {
                    "signal": "ORDER_CANCELLED",
                    "event_type": "org.example.shop.order.cancelled.v1",
                    "enabled": true,
                    "position": 2,
                    "of": 2,
                },
                {
                    "signal": "ORDER_PLACED",
                    "event_type": "org.example.shop.order.placed.v1",
                    "enabled": true,
                    "position": 5,
                    "of": 5,
                },
            ],
            "file": file!(),
            "line": notify["line"],
        })
    );
}

#[test]
fn receivers_line_up() {
    let _scope = testing::scope();
    let shown = text(&["receivers", "--plugin", "cli"]);
    let file = file!();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "PRIORITY  RECEIVER     KIND");
    assert_eq!(lines[1], "       0  cli::ship    linked, async");
    assert_eq!(lines[2], "          on    ORDER_PLACED");
    assert!(
        lines[3].starts_with(&format!("          from  {file}:")),
        "{shown}"
    );
    assert!(lines[3].ends_with(" (crate cli)"), "{shown}");
    assert!(
        shown.contains("\n       0  shop.pack    linked\n"),
        "{shown}"
    );
    assert!(shown.contains("\n          also  shop.wrap\n"), "{shown}");
    assert!(
        shown.contains("\n          on    ORDER_CANCELLED, ORDER_PLACED\n"),
        "{shown}"
    );
    assert!(
        shown.ends_with("\n4 of 8 receivers, in the order in which they run\n"),
        "{shown}"
    );
}
