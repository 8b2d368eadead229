//! Foreign text on a terminal: topics, event types, receivers, field names and errors that carry escape sequences.

use events_bus::Record;
use events_bus::transport::Start;
use events_core::EventMetadata;

use super::*;

over_both! {
    foreign_text_is_escaped_wherever_it_is_printed
    names_in_errors_are_escaped
    a_long_event_type_is_cut_in_a_table_and_whole_elsewhere
}

/// Colors the terminal, sets its title, begins a C1 sequence, turns the text around, ends the line.
const EVIL: &str = "evil\u{1b}[31m\u{1b}]0;title\u{7}\u{9b}2J\u{7f}\u{202e}\u{2066}\u{2028}\u{85}\r\nforged: line\t";

/// Fails if a terminal would do anything with the text except to print it.
#[track_caller]
fn harmless(text: &str) {
    let is_harmful = |char: char| {
        char != '\n'
            && (char.is_control()
                || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    };
    let found: Vec<_> = text.chars().filter(|char| is_harmful(*char)).collect();
    assert!(found.is_empty(), "{found:?} in {text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("forged")),
        "a forged line in {text:?}"
    );
}

fn foreign(receiver: Option<&str>) -> Record {
    let metadata = EventMetadata::new(format!("org.{EVIL}")).with_source(EVIL.to_owned());
    let mut record = Record::new(metadata, b"ada".to_vec()).with_key(Some(EVIL));
    record.receivers = receiver.into_iter().map(Into::into).collect();
    record
}

/// A topic with two dead letters: one of a foreign type, and one for a foreign receiver.
fn poison(shop: &Shop) -> String {
    let transport = shop.transport();
    transport.publish("orders", &[foreign(None)]).unwrap();
    transport.join("orders", "lms", Start::Beginning).unwrap();
    transport
        .requeue("orders", "lms", &[foreign(Some(EVIL))])
        .unwrap();
    transport.publish(EVIL, &[foreign(None)]).unwrap();
    transport.join(EVIL, EVIL, Start::Beginning).unwrap();
    let consume = ["consume", "-t", "orders", "-g", "lms", "--count", "2"];
    shop.text(&consume)
}

fn foreign_text_is_escaped_wherever_it_is_printed(shop: &Shop) {
    let told = poison(shop);
    harmless(&told);
    assert!(told.contains(r"org.evil\u001b[31m"), "{told}");
    for args in [
        &["dlq", "list"][..],
        &["dlq", "show", "-t", "orders"],
        &["dlq", "show", "-t", "orders", "--personal"],
        &["bus", "status"],
        &["bus", "status", "-t", EVIL],
        &["replay", "-t", "orders", "-g", "lms", "--dry-run"],
        &["replay", "-t", EVIL, "-g", EVIL, "--dry-run"],
        &["dlq", "retry", "-t", "orders", "--all"],
        &["bus", "trim", "-t", EVIL],
        &["bus", "delete-group", "-t", EVIL, "-g", EVIL, "--yes"],
    ] {
        let json = shop.run(&[args, &["--json"]].concat());
        let text = shop.run(args);
        harmless(&text.out);
        harmless(&text.err);
        if args[0] == "bus" && args[1] == "forget" {
            continue;
        }
        // The document says what is there, and no terminal acts on it either.
        harmless(&json.out);
        let document: Value = serde_json::from_str(&json.out).unwrap();
        let whole = document.to_string();
        assert!(
            args.contains(&"orders") || whole.contains("evil\\u001b[31m"),
            "{whole}"
        );
    }
    let listed = shop.json(&["dlq", "list"]);
    assert_eq!(listed["letters"], json!([]), "all of them were retried");
}

fn names_in_errors_are_escaped(shop: &Shop) {
    shop.order("orders", 301, None);
    poison(shop);
    for args in [
        &["bus", "status", "-t", "no\u{1b}[31m\nforged"][..],
        // What is like it is told.
        &["bus", "status", "-t", &EVIL[..EVIL.len() - 1]],
        &["replay", "-t", EVIL, "-g", "lms", "--yes"],
        &["replay", "-t", "orders", "-g", EVIL, "--yes"],
        &["replay", "-t", "orders", "-g", "lms", "--from", EVIL],
        &[
            "replay",
            "-t",
            "orders",
            "-g",
            "lms",
            "--receiver",
            EVIL,
            "--type",
            EVIL,
            "--dry-run",
        ],
        &["bus", "delete-group", "-t", EVIL, "-g", EVIL],
        &["dlq", "drop", "-t", EVIL, "17"],
        &["consume", "-t", EVIL, "-g", "lms"],
        &["consume", "-t", "orders", "-g", EVIL],
        &["produce", EVIL, "-t", "orders", "--data", EVIL],
        &["show", EVIL],
        &["why", EVIL],
        &[EVIL],
        &["list", &format!("--{EVIL}")],
        &["list", "--config", EVIL],
    ] {
        let answer = run(&[args, &["--bus", &shop.url]].concat());
        harmless(&answer.out);
        harmless(&answer.err);
        assert!(
            answer.err.contains("error: ") || answer.err.contains("hint: "),
            "{}",
            answer.err
        );
    }
    let err = shop
        .run(&["bus", "status", "-t", "a\u{1b}[31mb"])
        .failure(Status::Usage);
    assert!(err.contains(r"no topic `a\u001b[31mb`"), "{err}");
}

fn a_long_event_type_is_cut_in_a_table_and_whole_elsewhere(shop: &Shop) {
    let long = format!("org.{}.v1", "x".repeat(70_000));
    let record = Record::new(EventMetadata::new(long.clone()), b"ada".to_vec());
    shop.transport().publish("orders", &[record]).unwrap();
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    let listed = shop.text(&["dlq", "list"]);
    let row = listed.lines().nth(1).unwrap();
    assert!(
        row.contains('…') && row.ends_with("x.v1") && row.contains("org.xxx") && row.len() < 500,
        "{} bytes: {}",
        row.len(),
        &row[..200.min(row.len())]
    );
    assert!(
        listed.lines().all(|line| line.len() < 500),
        "{}",
        listed.len()
    );
    let shown = shop.text(&["dlq", "show", "-t", "orders"]);
    assert!(shown.contains(&long));
    assert_eq!(
        shop.json(&["dlq", "list"])["letters"][0]["event_type"],
        long
    );
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn field_names_and_values_of_an_entry_that_is_no_record_are_escaped() {
    let shop = Shop::on_a_server();
    let mut client = shop.server.as_ref().unwrap().client();
    let mut add = redis::cmd("XADD");
    add.arg("orders").arg("*").arg(EVIL).arg(EVIL);
    let _: String = add.query(&mut client).unwrap();
    harmless(&shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]));
    let shown = shop.text(&["dlq", "show", "-t", "orders", "--personal"]);
    harmless(&shown);
    assert!(shown.contains(r"evil\u001b[31m"), "{shown}");
}
