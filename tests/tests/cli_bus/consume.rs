//! `events consume`.

use events_bus::config::BusConfig;
use events_bus::transport::{Position, Start};
use events_bus::{Bus, Record};
use events_core::EventMetadata;

use super::*;

over_both! {
    receivers_are_run_and_reported
    no_more_is_taken_than_was_asked_for
    several_topics_share_the_count
    what_fails_is_tried_again_and_becomes_a_dead_letter
    what_cannot_be_read_says_so
    personal_data_are_left_out_of_the_text
    a_new_group_begins_where_it_is_told
    a_new_group_begins_at_an_entry
    a_new_group_begins_at_a_time
}

fn receivers_are_run_and_reported(shop: &Shop) {
    let entry = shop.order("orders", 17, None);
    let told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    let [told] = told.as_slice() else {
        panic!("one entry: {told:?}");
    };
    let entries = shop
        .transport()
        .read("orders", Position::Oldest, 10)
        .unwrap();
    let metadata = &entries[0].record.as_ref().unwrap().metadata;
    let handled = |id| json!({"id": id, "result": "handled", "error": null, "attempts": null, "delay_ms": null});
    assert_eq!(
        *told,
        json!({
            "event_type": PLACED,
            "data": {"number": 17, "customer": "ada", "note": null, "placed_at": "2026-11-25T08:00:00Z"},
            "metadata": metadata,
            "topic": "orders",
            "group": "lms",
            "entry": entry,
            "deliveries": 1,
            "key": "ada",
            "receivers": [handled("audit.record"), handled("counter.pack"), handled("counter.book")],
            "dead": null,
        })
    );
    assert_eq!(shop.group("orders")["lag"], 0);
}

fn no_more_is_taken_than_was_asked_for(shop: &Shop) {
    for number in 0..5 {
        shop.order("orders", number, None);
    }
    let args = ["consume", "-t", "orders", "-g", "lms", "--count", "2"];
    for (first, unread) in [(0, 3), (2, 1)] {
        let told = shop.lines(&args);
        let mut numbers: Vec<_> = told
            .iter()
            .map(|told| told["data"]["number"].as_i64().unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [first, first + 1]);
        let group = shop.group("orders");
        assert_eq!(
            (&group["unread"], &group["pending"]),
            (&unread.into(), &0.into())
        );
    }
    // There is one left.
    let answer = shop.run(&[&args[..], &["--timeout", "0.3"]].concat());
    assert_eq!(answer.status, Status::Problems, "the count was not reached");
    assert!(
        answer
            .out
            .ends_with("1 entry, 0 dead letters, 0 attempts put off\n"),
        "{}",
        answer.out
    );
}

fn several_topics_share_the_count(shop: &Shop) {
    for number in 0..3 {
        shop.order("orders", number, None);
        shop.order("others", number, None);
    }
    let args = [
        "consume", "-t", "orders", "-t", "others", "-g", "lms", "--count", "4",
    ];
    assert_eq!(shop.lines(&args).len(), 4);
    let lag = |topic| shop.group(topic)["lag"].as_i64().unwrap();
    assert_eq!(lag("orders") + lag("others"), 2);
}

fn what_fails_is_tried_again_and_becomes_a_dead_letter(shop: &Shop) {
    let entry = shop.order("orders", 1, Some("fails"));
    let tries = [
        "--max-attempts",
        "2",
        "--first-delay",
        "0.05",
        "--timeout",
        "1.5",
    ];
    let args = ["consume", "-t", "orders", "-g", "lms"];
    let told = shop.lines(&[&args[..], &tries].concat());
    assert_eq!(each(&told, "entry"), [&entry, &entry]);
    let [first, second] = told.as_slice() else {
        panic!("two attempts: {told:?}");
    };
    assert_eq!(
        each(array(&first["receivers"]), "id"),
        ["audit.record", "counter.pack", "counter.book"]
    );
    assert_eq!(
        each(array(&first["receivers"]), "result"),
        ["handled", "retry", "handled"]
    );
    let retry = &first["receivers"][1];
    assert_eq!(
        (&retry["error"], &retry["attempts"]),
        (&"the shelf is empty".into(), &1.into())
    );
    assert!(
        retry["delay_ms"].as_u64().is_some_and(|delay| delay <= 50),
        "{retry}"
    );
    assert_eq!(
        second["receivers"],
        json!([{"id": "counter.pack", "result": "dead", "error": "the shelf is empty", "attempts": 2, "delay_ms": null}])
    );

    shop.order("orders", 2, Some("never"));
    let told = shop.lines(&[&args[..], &["--count", "1"]].concat());
    let pack = &told[0]["receivers"][1];
    assert_eq!(
        (&pack["result"], &pack["attempts"]),
        (&"dead".into(), &1.into())
    );
    assert_eq!(
        shop.json(&["dlq", "list"])["letters"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

fn what_cannot_be_read_says_so(shop: &Shop) {
    let transport = shop.transport();
    let unknown = Record::new(
        EventMetadata::new("org.example.elsewhere.v1".to_owned()),
        Vec::new(),
    );
    let misread = Record::new(EventMetadata::new(CANCELLED), vec![0x80]);
    transport.publish("orders", &[unknown, misread]).unwrap();
    let mut told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--count", "2"]);
    told.sort_by_key(|told| told["dead"]["reason"].to_string());
    assert_eq!(told[0]["dead"]["reason"], "undecodable");
    assert_eq!(told[1]["dead"]["reason"], "unknown_type");
    assert_eq!(told[1]["event_type"], "org.example.elsewhere.v1");
    assert_eq!(
        (&told[1]["data"], &told[1]["receivers"]),
        (&Value::Null, &json!([]))
    );
    let text = shop.text(&["consume", "-t", "orders", "-g", "other", "--count", "2"]);
    assert!(
        text.contains("    dead     unknown_type: no event of this binary has the type"),
        "{text}"
    );
    assert!(
        text.ends_with("2 entries, 2 dead letters, 0 attempts put off\n"),
        "{text}"
    );
}

fn personal_data_are_left_out_of_the_text(shop: &Shop) {
    let entry = shop.order("orders", 17, Some("fails"));
    let args = [
        "consume",
        "-t",
        "orders",
        "-g",
        "lms",
        "--count",
        "1",
        "--first-delay",
        "60",
    ];
    let text = shop.text(&args);
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].starts_with(&format!("orders  {entry}  {PLACED}  ")),
        "{text}"
    );
    let data = json!({"number": 17, "customer": "<redacted>", "note": "fails", "placed_at": "2026-11-25T08:00:00Z"});
    let shown = lines[1].strip_prefix("    data     ").unwrap();
    assert_eq!(serde_json::from_str::<Value>(shown).unwrap(), data);
    assert!(
        lines[3].starts_with("    retry    counter.pack, attempt 1: the shelf is empty; again in "),
        "{text}"
    );
    assert_eq!(
        (lines[2], &lines[4..]),
        (
            "    handled  audit.record",
            &[
                "    handled  counter.book",
                "1 entry, 0 dead letters, 1 attempt put off"
            ][..]
        )
    );
    assert!(!text.contains("ada"), "{text}");
}

fn a_new_group_begins_where_it_is_told(shop: &Shop) {
    shop.order("orders", 1, None);
    let none = shop.text(&[
        "consume",
        "-t",
        "orders",
        "-g",
        "late",
        "--from",
        "now",
        "--timeout",
        "0.3",
    ]);
    assert_eq!(none, "0 entries, 0 dead letters, 0 attempts put off\n");
    shop.order("orders", 2, None);
    // One that is there goes on where it stopped, whatever is said.
    for (group, from, number) in [("late", "beginning", 2), ("new", "beginning", 1)] {
        let told = shop.lines(&[
            "consume", "-t", "orders", "-g", group, "--from", from, "--count", "1",
        ]);
        assert_eq!(told[0]["data"]["number"], number);
    }
}

fn a_new_group_begins_at_an_entry(shop: &Shop) {
    let entries: Vec<_> = (1..=4)
        .map(|number| shop.order("orders", number, None))
        .collect();
    let args = [
        "consume",
        "-t",
        "orders",
        "-g",
        "lms",
        "--from",
        &entries[2],
        "--timeout",
        "0.5",
    ];
    let told = shop.lines(&args);
    let mut numbers: Vec<_> = told
        .iter()
        .map(|told| told["data"]["number"].as_i64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 4]);
    let err = shop.run(&args).failure(Status::Usage);
    assert!(err.contains("group `lms` reads `orders` already"), "{err}");
    assert!(err.contains("events replay"), "{err}");
    assert_eq!(shop.group("orders")["lag"], 0);
    // What comes afterwards is new to it, and comes once.
    shop.order("orders", 5, None);
    let told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--timeout", "0.5"]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"]["number"], 5);
}

fn a_new_group_begins_at_a_time(shop: &Shop) {
    shop.order("orders", 1, None);
    let published = |index: usize| {
        let entries = shop
            .transport()
            .read("orders", Position::Oldest, 10)
            .unwrap();
        entries[index].published_at.as_micros()
    };
    // A broker's clock may count in milliseconds.
    let first = published(0);
    let mut number = 2;
    while {
        shop.order("orders", number, None);
        published(usize::try_from(number).unwrap() - 1) / 1000 == first / 1000
    } {
        number += 1;
    }
    let time = events_core::Timestamp::from_micros(published(usize::try_from(number).unwrap() - 1))
        .unwrap()
        .to_string();
    let told = shop.lines(&[
        "consume",
        "-t",
        "orders",
        "-g",
        "lms",
        "--from",
        &time,
        "--timeout",
        "0.5",
    ]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"]["number"], number);
}

#[test]
fn another_consumer_of_the_group_is_told_of() {
    let shop = Shop::in_a_file();
    shop.transport()
        .join("orders", "lms", Start::Beginning)
        .unwrap();
    let config = BusConfig::sqlite(shop.folder.path().join("events.db"))
        .with_subscription("lms", &["orders"]);
    let other = Bus::start(config).unwrap();
    while shop.group("orders")["leader"].is_null() {
        std::thread::yield_now();
    }
    let answer = shop.run(&["consume", "-t", "orders", "-g", "lms", "--timeout", "3"]);
    let name = other.consumers()[0].name().to_owned();
    let hint =
        format!("hint: `{name}` reads `orders` for the group `lms`; this consumer stands by");
    assert!(answer.err.contains(&hint), "{}", answer.err);
    drop(other);
}

#[test]
fn what_cannot_be_consumed_is_refused() {
    let shop = Shop::in_a_file();
    for (args, said) in [
        (
            vec!["--from", "yesterday"],
            "`--from` is `yesterday`, expected `beginning`, `now`, the id of an entry",
        ),
        (
            vec!["--workers", "0"],
            "`--workers` is `0`, expected `1` to",
        ),
        (vec!["--lease", "0.001"], "`--lease` is"),
        (vec!["--max-attempts", "0"], "`--max-attempts` is `0`"),
        (
            vec!["--timeout", "soon"],
            "expected a number of seconds such as `2.5`",
        ),
        (vec!["--count", "0"], "0 is not in 1.."),
        (vec!["-t", "two words"], "topic `two words` has white space"),
        (
            vec!["-t", "events:outbox:orders"],
            "as only internal topics do",
        ),
    ] {
        let err = shop.run(&[&["consume", "-t", "orders", "-g", "lms"], &args[..]].concat());
        let err = err.failure(Status::Usage);
        assert!(err.contains(said), "{said} is not in {err}");
    }
    let err = shop
        .run(&["consume", "-t", "orders", "-g", "a b"])
        .failure(Status::Usage);
    assert!(err.contains("group `a b` has white space"), "{err}");
}
