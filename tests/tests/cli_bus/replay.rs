//! `events replay`.

use events_bus::Record;
use events_bus::transport::Position;
use events_core::{EventMetadata, Timestamp};

use super::*;

over_both! {
    entries_are_given_once_more
    a_part_is_chosen
    a_receiver_is_chosen
    a_whole_topic_is_replayed_only_if_confirmed
    only_groups_that_are_there_get_a_replay
}

/// Has a group handle orders of these numbers, and says which entries they were.
fn handle(shop: &Shop, numbers: &[i64]) -> Vec<String> {
    let entries = numbers
        .iter()
        .map(|number| shop.order("orders", *number, None))
        .collect();
    let count = numbers.len().to_string();
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", &count]);
    entries
}

fn entries_are_given_once_more(shop: &Shop) {
    let entries = handle(shop, &[1, 2, 3]);
    let args = ["replay", "-t", "orders", "-g", "lms", "--yes"];
    let dry = shop.json(&[&args[..], &["--dry-run"]].concat());
    let span = (entries[0].as_str(), entries[2].as_str());
    assert_eq!(
        dry,
        json!({
            "topic": "orders", "group": "lms", "dry_run": true, "seen": 3, "replayed": 3, "unreadable": 0,
            "first": span.0, "last": span.1,
        })
    );
    assert_eq!(shop.group("orders")["requeued"], 0);
    let text = shop.text(&args);
    let (first, last) = span;
    assert_eq!(
        text,
        format!("3 of 3 entries of orders, {first} to {last}, requeued for group lms\n")
    );
    assert_eq!(shop.group("orders")["requeued"], 3);
    let told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--count", "3"]);
    assert!(
        told.iter()
            .all(|told| told["entry"].as_str().unwrap().starts_with("requeued:")),
        "{told:?}"
    );
    // A replay is no duplicate.
    assert!(
        told.iter().all(|told| array(&told["receivers"]).len() == 3),
        "{told:?}"
    );
}

fn a_part_is_chosen(shop: &Shop) {
    let entries = handle(shop, &[1, 2, 3, 4]);
    let cancelled = Record::new(EventMetadata::new(CANCELLED), vec![2]);
    shop.transport().publish("orders", &[cancelled]).unwrap();
    let all = shop
        .transport()
        .read("orders", Position::Oldest, 10)
        .unwrap();
    let last = all[4].published_at.to_string();
    let beyond = Timestamp::from_micros(all[4].published_at.as_micros() + 1_000_000)
        .unwrap()
        .to_string();
    let count = |args: &[&str]| {
        let args = [&["replay", "-t", "orders", "-g", "lms", "--dry-run"], args].concat();
        shop.json(&args)["replayed"].as_u64().unwrap()
    };
    assert_eq!(count(&["--from", &entries[1]]), 4);
    assert_eq!(count(&["--from", &entries[1], "--to", &entries[2]]), 2);
    assert_eq!(count(&["--type", PLACED]), 4);
    assert_eq!(count(&["--type", CANCELLED, "--until", &beyond]), 1);
    assert_eq!(count(&["--type", CANCELLED, "--until", &last]), 0);
    assert_eq!(count(&["--type", CANCELLED, "--from", &last]), 1);
    assert_eq!(count(&["--from", &beyond]), 0);
    let args = [
        "replay",
        "-t",
        "orders",
        "-g",
        "lms",
        "--type",
        "org.example.counter.order.plcd.v1",
    ];
    let answer = shop.run(&args);
    assert_eq!(answer.status, Status::Ok);
    assert!(
        answer
            .err
            .contains("hint: this binary has no event of type"),
        "{}",
        answer.err
    );
}

fn a_receiver_is_chosen(shop: &Shop) {
    handle(shop, &[1]);
    shop.text(&[
        "replay",
        "-t",
        "orders",
        "-g",
        "lms",
        "--receiver",
        "counter.book",
        "--yes",
    ]);
    let told = shop.lines(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    assert_eq!(each(array(&told[0]["receivers"]), "id"), ["counter.book"]);
    let answer = shop.run(&[
        "replay",
        "-t",
        "orders",
        "-g",
        "lms",
        "--receiver",
        "counter.bok",
        "--dry-run",
    ]);
    assert_eq!(answer.status, Status::Ok);
    assert!(
        answer
            .err
            .contains("hint: this binary has no receiver `counter.bok`"),
        "{}",
        answer.err
    );
}

fn a_whole_topic_is_replayed_only_if_confirmed(shop: &Shop) {
    let entries = handle(shop, &[1, 2, 3]);
    let args = ["replay", "-t", "orders", "-g", "lms"];
    for receiver in [&[][..], &["--receiver", "counter.book"]] {
        let err = shop
            .run(&[&args[..], receiver].concat())
            .failure(Status::Usage);
        for said in ["all 3 entries of topic `orders`", "group `lms`", "`--yes`"] {
            assert!(err.contains(said), "{said} is not in {err}");
        }
    }
    assert_eq!(shop.group("orders")["requeued"], 0);
    shop.text(&[&args[..], &["--dry-run"]].concat());
    shop.text(&[&args[..], &["--from", &entries[2]]].concat());
    shop.text(&[&args[..], &["--yes"]].concat());
    assert_eq!(shop.group("orders")["requeued"], 4);
}

fn only_groups_that_are_there_get_a_replay(shop: &Shop) {
    handle(shop, &[1]);
    let refused = |args: &[&str]| {
        shop.run(&[&["replay", "--yes"], args].concat())
            .failure(Status::Usage)
    };
    let err = refused(&["-t", "orders", "-g", "cms"]);
    assert!(
        err.contains("topic `orders` has no group `cms`; its groups are `lms`"),
        "{err}"
    );
    let err = refused(&["-t", "ordres", "-g", "lms"]);
    assert!(
        err.contains("no topic `ordres`; did you mean `orders`?"),
        "{err}"
    );
    let err = refused(&["-t", "orders", "-g", "lms", "--from", "noon"]);
    assert!(
        err.contains("`--from` is `noon`, expected the id of an entry"),
        "{err}"
    );
    let err = refused(&["-t", "orders", "-g", "lms", "--until", "noon"]);
    assert!(
        err.contains("`--until` is `noon`, expected a time in UTC"),
        "{err}"
    );
    let err = refused(&["-t", "orders", "-g", "lms", "--to", "noon"]);
    assert!(err.contains("`noon` is not the id of an entry"), "{err}");
}
