//! `events dlq`.

use events_bus::Record;
use events_bus::admin::{self, LetterFilter};
use events_core::EventMetadata;

use super::*;

over_both! {
    letters_are_listed_and_shown
    letters_are_tried_again_once_what_failed_is_repaired
    letters_are_chosen
    many_letters_are_retried_in_batches
    what_fails_again_meanwhile_is_not_retried_forever
    what_nobody_can_read_is_shown_as_bytes
}

/// Has receivers give up orders of these numbers.
fn give_up(shop: &Shop, numbers: &[i64]) {
    for number in numbers {
        shop.order("orders", *number, Some("never"));
    }
    let count = numbers.len().to_string();
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", &count]);
}

fn ids(shop: &Shop, args: &[&str]) -> Vec<String> {
    let letters = shop.json(&[&["dlq", "list"], args].concat());
    let ids = array(&letters["letters"]).iter();
    ids.map(|letter| letter["id"].as_str().unwrap().to_owned())
        .collect()
}

fn letters_are_listed_and_shown(shop: &Shop) {
    give_up(shop, &[201]);
    let listed = shop.json(&["dlq", "list"]);
    let letter = &listed["letters"][0];
    for (key, value) in [
        ("topic", "orders"),
        ("group", "lms"),
        ("receiver", "counter.pack"),
        ("reason", "permanent"),
        ("error", "there is no such shelf"),
        ("event_type", PLACED),
    ] {
        assert_eq!(letter[key], value, "{letter}");
    }
    assert_eq!(letter["attempts"], 1);
    assert!(letter.get("data").is_none(), "{letter}");

    let id = letter["id"].as_str().unwrap();
    let text = shop.text(&["dlq", "list", "-t", "orders"]);
    assert!(
        text.contains("there is no such shelf\n\n1 dead letter\n"),
        "{text}"
    );
    for args in [vec![id], vec![]] {
        let shown = shop.json(&[&["dlq", "show", "-t", "orders"], &args[..]].concat());
        let shown = &shown["letters"][0];
        assert_eq!(shown["id"], id);
        assert_eq!(shown["data"]["number"], 201);
        assert_eq!(
            (&shown["data"]["customer"], &shown["key"]),
            (&"<redacted>".into(), &Value::Null)
        );
        assert_eq!(shown["metadata"]["id"], letter["event_id"]);
    }
    let shown = shop.json(&["dlq", "show", "-t", "orders", id, "--personal"]);
    let shown = &shown["letters"][0];
    assert_eq!(
        (&shown["data"]["customer"], &shown["key"]),
        (&"ada".into(), &"ada".into())
    );
    let text = shop.text(&["dlq", "show", "-t", "orders", id]);
    assert!(text.contains("  reason         permanent\n"), "{text}");
    assert!(
        text.contains("      \"customer\": \"<redacted>\",\n") && !text.contains("ada"),
        "{text}"
    );
}

fn letters_are_tried_again_once_what_failed_is_repaired(shop: &Shop) {
    // What is repaired is repaired for all tests.
    let orders = if shop.server.is_some() {
        [211, 212]
    } else {
        [213, 214]
    };
    give_up(shop, &orders);
    let listed = ids(shop, &["-t", "orders"]);
    REPAIRED.lock().unwrap().extend(orders);
    let retried = shop.json(&["dlq", "retry", "-t", "orders", &listed[0]]);
    assert_eq!(
        retried,
        json!({"topic": "orders", "retried": [listed[0]], "unreadable": []})
    );
    assert_eq!(ids(shop, &[]), listed[1..]);
    let told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    // Only by the receiver that gave it up.
    assert_eq!(each(array(&told[0]["receivers"]), "id"), ["counter.pack"]);
    assert_eq!(each(array(&told[0]["receivers"]), "result"), ["handled"]);
    let text = shop.text(&["dlq", "retry", "-t", "orders", "--all"]);
    assert_eq!(text, "1 dead letter of orders requeued for the receivers\n");
    assert_eq!(shop.text(&["dlq", "list"]), "0 dead letters\n");
}

fn letters_are_chosen(shop: &Shop) {
    give_up(shop, &[221, 222, 223]);
    let listed = ids(
        shop,
        &[
            "--group",
            "lms",
            "--receiver",
            "counter.pack",
            "--type",
            PLACED,
        ],
    );
    assert_eq!(listed.len(), 3);
    for filter in [
        ["--group", "cms"],
        ["--receiver", "counter.book"],
        ["--type", CANCELLED],
    ] {
        assert_eq!(ids(shop, &filter), [""; 0]);
        let dropped = shop.json(&[&["dlq", "drop", "-t", "orders", "--all"], &filter[..]].concat());
        assert_eq!(dropped["dropped"], json!([]));
    }
    // Of letters that are named, all have to be there.
    let err = shop
        .run(&["dlq", "drop", "-t", "orders", &listed[0], "987654321"])
        .failure(Status::Usage);
    assert!(
        err.contains("has no dead letter `987654321-0`") && err.contains("nothing was done"),
        "{err}"
    );
    let err = shop
        .run(&["dlq", "drop", "-t", "orders"])
        .failure(Status::Usage);
    assert!(err.contains("<ID>"), "{err}");
    let err = shop
        .run(&["dlq", "drop", "-t", "orders", "first"])
        .failure(Status::Usage);
    assert!(err.contains("`first` is not the id of an entry"), "{err}");
    assert_eq!(ids(shop, &[]).len(), 3);
    let text = shop.text(&["dlq", "drop", "-t", "orders", &listed[0], &listed[2]]);
    assert_eq!(text, "2 dead letters of orders dropped\n");
    assert_eq!(ids(shop, &[]), listed[1..2]);
}

/// Makes dead letters of two groups, one for each event.
fn give_up_unknown(shop: &Shop, events: usize) {
    let metadata = || EventMetadata::new("org.example.elsewhere.v1".to_owned());
    let records: Vec<_> = (0..events)
        .map(|number| Record::new(metadata(), number.to_string().into_bytes()))
        .collect();
    shop.transport().publish("orders", &records).unwrap();
    let count = events.to_string();
    for group in ["lms", "cms"] {
        shop.text(&["consume", "-t", "orders", "-g", group, "--count", &count]);
    }
}

fn many_letters_are_retried_in_batches(shop: &Shop) {
    give_up_unknown(shop, 620);
    let mut listed = ids(shop, &[]);
    assert_eq!(listed.len(), 1240);
    let retried = shop.json(&["dlq", "retry", "-t", "orders", "--all"]);
    let mut told: Vec<_> = array(&retried["retried"])
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    listed.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, listed);
    assert_eq!(ids(shop, &[]), [""; 0]);
    let status = shop.json(&["bus", "status", "-t", "orders"]);
    for group in array(&status["topics"][0]["groups"]) {
        // None of them is lost, none is there twice, and the order is that of the topic.
        assert_eq!(group["requeued"], 620, "{group}");
    }
    let told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--count", "620"]);
    assert_eq!(told.len(), 620);
    assert_eq!(ids(shop, &["--group", "lms"]).len(), 620);
}

fn what_fails_again_meanwhile_is_not_retried_forever(shop: &Shop) {
    give_up_unknown(shop, 300);
    let transport = shop.transport();
    let mut pages = Vec::new();
    let progress = |done: admin::RetryProgress| {
        pages.push((done.seen, done.total, done.requeued));
        // A consumer gives up again what was requeued.
        shop.text(&["consume", "-t", "orders", "-g", "cms", "--count", "10"]);
    };
    let mut filter = LetterFilter::default();
    filter.group = Some("cms".to_owned());
    let retried = admin::retry_all(&*transport, "orders", &filter, progress).unwrap();
    assert_eq!(retried.requeued.len(), 300);
    assert_eq!(pages, [(500, 600, 200), (600, 600, 300)]);
    assert_eq!(ids(shop, &["--group", "lms"]).len(), 300);
    assert_eq!(ids(shop, &["--group", "cms"]).len(), 20);
}

fn what_nobody_can_read_is_shown_as_bytes(shop: &Shop) {
    let unknown = Record::new(
        EventMetadata::new("org.example.elsewhere.v1".to_owned()),
        b"ada".to_vec(),
    );
    shop.transport().publish("orders", &[unknown]).unwrap();
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    let shown = shop.json(&["dlq", "show", "-t", "orders"]);
    let shown = &shown["letters"][0];
    assert_eq!(
        (&shown["data"], &shown["body"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(shown["body_bytes"], 3);
    let shown = shop.json(&["dlq", "show", "-t", "orders", "--personal"]);
    assert_eq!(shown["letters"][0]["body"], "616461");
    let text = shop.text(&["dlq", "show", "-t", "orders"]);
    assert!(
        text.contains("  body: 3 bytes, which this binary cannot read; `--personal` shows them\n"),
        "{text}"
    );
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn an_entry_that_is_no_record_cannot_be_tried_again() {
    let shop = Shop::on_a_server();
    let mut client = shop.server.as_ref().unwrap().client();
    let mut add = redis::cmd("XADD");
    let _: String = add
        .arg("orders")
        .arg("*")
        .arg("who")
        .arg("ada")
        .query(&mut client)
        .unwrap();
    let told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    assert_eq!(
        (&told[0]["dead"]["reason"], &told[0]["metadata"]),
        (&"malformed".into(), &Value::Null)
    );
    let shown = shop.json(&["dlq", "show", "-t", "orders"]);
    assert_eq!(
        shown["letters"][0]["fields"],
        json!([{"name": "who", "value": null, "bytes": 3}])
    );
    let shown = shop.json(&["dlq", "show", "-t", "orders", "--personal"]);
    assert_eq!(shown["letters"][0]["fields"][0]["value"], "ada");
    let answer = shop.run(&["dlq", "retry", "-t", "orders", "--all"]);
    assert_eq!(answer.status, Status::Problems);
    assert!(answer.out.contains("cannot retry "), "{}", answer.out);
    assert_eq!(ids(&shop, &[]).len(), 1);
}
