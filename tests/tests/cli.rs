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

#[receiver(ORDER_PLACED, manual, id = "shop.bill")]
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
         2 of 7 signals\n"
    );
    let all = text(&["list"]);
    assert!(all.contains("Catalog cli\n") && all.contains("Catalog events_catalog\n"));
    assert!(all.ends_with("\n7 signals\n"), "{all}");
}

#[test]
fn list_filters_by_text() {
    let _scope = testing::scope();
    let listed = |args: &[&str]| {
        let document = json(&[&["list"], args].concat());
        assert_eq!(document["total"], 7);
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
    assert_eq!(listed(&["--subdomain", "learning"]).len(), 5);
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
        shown.contains("Manual receivers that nothing connects\n  PRIORITY  RECEIVER   KIND\n         0  shop.bill  manual, not connected\n"),
        "{shown}"
    );
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
    assert_eq!(ship["async"], true);
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

#[test]
fn why_explains_the_order_of_a_signal() {
    let _scope = testing::scope();
    let _first = ORDER_PLACED.connect_with("shop.closure", 0, |_| {});
    let _second = ORDER_PLACED.connect_with("another closure", 0, |_| {});
    let document = json(&["why", "ORDER_PLACED"]);
    let [why] = document["signals"].as_array().unwrap().as_slice() else {
        panic!("one signal: {document}");
    };
    assert_eq!(
        each(&why["wired"], "rule"),
        [
            "first",
            "priority",
            "id",
            "connected_last",
            "connected_later",
            "priority"
        ]
    );
    assert_eq!(each(&why["wired"], "position"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(why["wired"][2]["receiver"]["id"], "shop.pack");
    assert_eq!(each(&why["not_wired"], "reason"), ["manual"]);
    assert_eq!(why["not_wired"][0]["receiver"], "shop.bill");

    let shown = text(&["why", "ORDER_PLACED"]);
    for part in [
        "  1. audit.record\n     here because  priority -100 is the smallest here\n",
        "  2. cli::ship\n     here because  priority 0 (the default) comes after -100\n",
        "     here because  same priority 0 (the default) as the one before; its id comes after\n",
        "  6. shop.notify\n     here because  priority 5 comes after 0\n",
        "Not wired, and why\n\n  shop.bill\n    because  it is annotated with `manual`",
    ] {
        assert!(shown.contains(part), "{part}\nis not in\n{shown}");
    }
}

#[test]
fn why_says_what_keeps_receivers_away() {
    let _scope = testing::scope().without_receivers();
    ORDER_CANCELLED.disable();
    let why = &json(&["why", "ORDER_CANCELLED"])["signals"][0];
    assert_eq!(
        each(&why["not_wired"], "reason"),
        ["disabled", "no_receivers"]
    );
    let shown = text(&["why", "ORDER_CANCELLED"]);
    assert!(shown.contains("Nothing is wired to it\n"), "{shown}");
    assert!(shown.contains("call `ORDER_CANCELLED.enable()`"), "{shown}");
    assert!(shown.contains("`#[receiver(ORDER_CANCELLED)]`"), "{shown}");
}

#[test]
fn why_finds_a_receiver_by_every_name() {
    let _scope = testing::scope();
    for name in ["shop.notify", "notify", "cli::notify"] {
        let why = &json(&["why", name])["receivers"][0];
        assert_eq!(why["receiver"]["id"], "shop.notify");
        assert_eq!(
            each(&why["wired"], "signal"),
            ["ORDER_CANCELLED", "ORDER_PLACED"]
        );
        assert_eq!(each(&why["wired"], "position"), [2, 4]);
    }
    assert_eq!(
        json(&["why", "shop.wrap"])["receivers"][0]["receiver"]["id"],
        "shop.pack"
    );
    let shown = text(&["why", "shop.notify"]);
    assert!(
        shown.contains(
            "Wired to\n\n  SIGNAL           POSITION  BECAUSE\n  ORDER_CANCELLED  2 of 2    priority 5 comes after -100\n"
        ),
        "{shown}"
    );
}

/// The snippet that `why` prints is a configuration that connects the receiver.
#[test]
fn what_why_proposes_connects_a_manual_receiver() {
    let _scope = testing::scope();
    let why = json(&["why", "shop.bill"]);
    let not_wired = &why["receivers"][0]["not_wired"][0];
    assert_eq!(why["receivers"][0]["wired"], json!([]));
    assert_eq!(
        (&not_wired["reason"], &not_wired["signal"]),
        (&"manual".into(), &"ORDER_PLACED".into())
    );
    let snippet = not_wired["snippet"].as_str().unwrap();
    assert!(
        snippet.contains(r#"receiver_func_name = "write_bill""#),
        "{snippet}"
    );
    let shown = text(&["why", "shop.bill"]);
    assert!(shown.contains("It is not wired to any signal\n"), "{shown}");
    assert!(
        shown.contains("[plugins.cli.signals_config.\"lms.djangoapp\"]\n"),
        "{shown}"
    );

    let file = configuration("proposed.toml", snippet);
    let file = file.to_str().unwrap();
    let why = json(&["--config", file, "--service", "lms", "why", "shop.bill"]);
    assert_eq!(why["receivers"][0]["not_wired"], json!([]));
    let wired = &why["receivers"][0]["wired"][0];
    assert_eq!(
        (&wired["position"], &wired["rule"]),
        (&3.into(), &"id".into())
    );
    assert_eq!(wired["connected_by"], format!("{file}:3:3"));
    // In the order of the ids, as the connected receivers are.
    let why = text(&["why", "ORDER_PLACED", "--config", file, "--service=lms"]);
    assert!(why.contains("  3. shop.bill\n"), "{why}");
    assert!(
        why.contains(&format!("connected by  {file}:3:3\n")),
        "{why}"
    );
}

#[test]
fn doctor_is_content() {
    let _scope = testing::scope();
    let file = configuration("good.toml", "service = \"lms\"\n");
    let document = json(&["doctor", "--config", file.to_str().unwrap()]);
    assert_eq!(
        (&document["ok"], &document["problems"]),
        (&true.into(), &json!([]))
    );
    assert_eq!(
        document["checked"]["expected_plugins"],
        json!(["example_audit", "example_greeter"])
    );
    assert_eq!(
        each(&document["checked"]["plugins"], "name"),
        ["cli", "example_audit", "example_greeter"]
    );
    assert_eq!(document["checked"]["configuration"]["service"], "lms");
    let shown = text(&["doctor"]);
    for part in [
        "  registry       7 signals (each event type declared once), 8 receivers (each id once",
        "  expected       example_audit, example_greeter\n",
        "  configuration  none given",
        "\nNo problems\n",
        "- receiver `shop.bill` is `manual`, and not connected to ORDER_PLACED;",
    ] {
        assert!(shown.contains(part), "{part}\nis not in\n{shown}");
    }
}

#[test]
fn doctor_reports_every_problem_of_a_configuration() {
    let _scope = testing::scope();
    let file = configuration(
        "bad.toml",
        "service = \"lms\"\ncolour = \"red\"\n[plugins.cli.signals_config.lms]\nreceivers = [\n  \
         { receiver_func_name = \"write_bil\", signal_path = \"ORDER_PLACED\" },\n]\n",
    );
    let file = file.to_str().unwrap();
    let (status, out, err) = run(&["doctor", "--json", "--config", file]);
    assert_eq!((status, err.as_str()), (Status::Problems, ""));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["ok"], false);
    assert_eq!(each(&document["problems"], "source"), ["configuration"; 2]);
    assert_eq!(
        each(&document["problems"], "kind"),
        ["unknown_key", "unknown_receiver"]
    );
    assert_eq!(each(&document["problems"], "line"), [2, 5]);

    let (status, out, _) = run(&["doctor", "--config", file]);
    assert_eq!(status, Status::Problems);
    assert!(out.contains("2 problems\n"), "{out}");
    // The others refuse it, with the same words: what they would show is not what runs.
    for command in [&["list"][..], &["receivers"], &["why", "ORDER_PLACED"]] {
        let (status, out, err) = run(&[command, &["--config", file]].concat());
        assert_eq!((status, out.as_str()), (Status::Problems, ""));
        assert!(
            err.starts_with("error: the configuration has 2 problems\n"),
            "{err}"
        );
    }
}

#[test]
fn an_unknown_name_gets_a_proposal() {
    let _scope = testing::scope();
    for (args, message) in [
        (
            &["show", "ORDER_PLACD"][..],
            "error: this binary has no signal `ORDER_PLACD`; did you mean `ORDER_PLACED`?\n",
        ),
        (
            &["show", "org.example.shop.order.placed.v2"],
            "error: this binary has no signal `org.example.shop.order.placed.v2`; did you mean \
             `org.example.shop.order.placed.v1`?\n",
        ),
        (
            &["why", "write_bil"],
            "error: this binary has no signal or receiver `write_bil`; did you mean `write_bill`?\n",
        ),
        (
            &["receivers", "--signal", "order"],
            "error: this binary has no signal `order`; did you mean one of `ORDER_CANCELLED`, `ORDER_PLACED`?\n",
        ),
        (
            &["receivers", "--plugin", "example-auditt"],
            "error: this binary has no plugin `example-auditt`; did you mean `example_audit`?\n",
        ),
        (
            &["why", "zzz", "--json"],
            "error: this binary has no signal or receiver `zzz`, and nothing like it among the 15 it has; \
             `events list` and `events receivers` say which\n",
        ),
    ] {
        let (status, out, err) = run(args);
        assert_eq!(
            (status, out.as_str(), err.as_str()),
            (Status::Usage, "", message)
        );
        assert_eq!(status.code(), 2);
    }
}

/// A writer that fails.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let _scope = testing::scope();
    let mut err = Vec::new();
    let status = events_cli::run(["events", "list"], &mut Full, &mut err);
    assert_eq!((status, status.code()), (Status::Output, 3));
    assert!(err.starts_with(b"error: the output could not be written: "));
}

/// `events demo` shows what rustc really says: one of the messages that the compile-fail tests pin.
#[test]
fn the_compile_error_of_the_demo_is_a_pinned_message() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown =
        std::fs::read_to_string(root.join("../events-cli/src/demo/compile_error.txt")).unwrap();
    let mut folders = vec![root.join("ui")];
    let mut pinned = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "stderr")
            {
                pinned += 1;
                if std::fs::read_to_string(path).unwrap().trim_end() == shown.trim_end() {
                    return;
                }
            }
        }
    }
    panic!(
        "none of the {pinned} pinned messages is that of the demo; copy tests/ui/evolution/field_renamed.stderr over \
         events-cli/src/demo/compile_error.txt"
    );
}
