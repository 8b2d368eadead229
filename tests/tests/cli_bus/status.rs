//! `events bus`.

use std::sync::Arc;
use std::time::Duration;

use events_bus::Bus;
use events_bus::config::{BusConfig, OutboxStore, SqliteConfig};
use events_bus::transport::{
    Leadership, Limit, Member, RetryState, Settlement, Start, Transport, names,
};
use events_core::Timestamp;

use super::*;

over_both! {
    a_bus_says_how_it_stands
    requeued_entries_count_as_lag
    what_was_handled_is_trimmed
    a_group_is_deleted_once_that_is_confirmed
}

fn a_bus_says_how_it_stands(shop: &Shop) {
    let entries: Vec<_> = (1..=3)
        .map(|number| shop.order("orders", number, None))
        .collect();
    let unread = shop.json(&["bus", "status"]);
    assert_eq!(unread["topics"][0]["groups"], json!([]));
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    let status = shop.json(&["bus", "status"]);
    assert_eq!(
        status["transport"],
        if shop.server.is_some() {
            "redis"
        } else {
            "sqlite"
        }
    );
    let topic = &status["topics"][0];
    assert_eq!(
        (&topic["topic"], &topic["entries"]),
        (&"orders".into(), &3.into())
    );
    assert_eq!(
        (&topic["oldest"], &topic["newest"]),
        (&json!(entries[0]), &json!(entries[2]))
    );
    let group = &topic["groups"][0];
    for (key, value) in [("unread", 2), ("pending", 0), ("requeued", 0), ("lag", 2)] {
        assert_eq!(group[key], value, "{key} of {group}");
    }
    assert!(
        group["age"].as_f64().is_some_and(|age| age >= 0.0),
        "{group}"
    );
    assert!(
        group["oldest_unfinished"].is_string() && group["leader"].is_null(),
        "{group}"
    );
    let text = shop.text(&["bus", "status"]);
    for said in [
        "TOPIC   ENTRIES",
        "GROUP  TOPIC   UNREAD  PENDING  REQUEUED  PARKED  LOST  LAG",
        "lms    orders       2        0         0       0     0    2",
    ] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }

    let transport = shop.transport();
    let led = transport.lead(Member::new("orders", "lms", "me"), Duration::from_mins(1));
    assert!(matches!(led, Ok(Leadership::Leader(_))), "{led:?}");
    assert_eq!(shop.group("orders")["leader"], "me");
    let err = shop
        .run(&["bus", "status", "-t", "order"])
        .failure(Status::Usage);
    assert!(
        err.contains("the bus has no topic `order`; did you mean `orders`?"),
        "{err}"
    );
    let err = shop
        .run(&["bus", "status", "-t", "orders", "--topic-prefix", "dev"])
        .failure(Status::Usage);
    assert!(
        err.contains("no topic `dev-orders`; there is a topic `orders`, and `dev-orders` is what the prefix makes of it"),
        "{err}"
    );
}

fn requeued_entries_count_as_lag(shop: &Shop) {
    for number in 1..=3 {
        shop.order("orders", number, None);
    }
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", "2"]);
    shop.text(&["replay", "-t", "orders", "-g", "lms", "--type", PLACED]);
    let group = shop.group("orders");
    for (key, value) in [("unread", 1), ("pending", 0), ("requeued", 3), ("lag", 4)] {
        assert_eq!(group[key], value, "{key} of {group}");
    }
    let delete = ["bus", "delete-group", "-t", "orders", "-g", "lms", "--yes"];
    assert_eq!(shop.json(&delete)["lost"], 4);
}

fn what_was_handled_is_trimmed(shop: &Shop) {
    for number in 1..=4 {
        shop.order("orders", number, None);
    }
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", "2"]);
    let trim = |args: &[&str]| shop.json(&[&["bus", "trim", "-t", "orders"], args].concat());
    assert_eq!(
        trim(&[])["removed"],
        0,
        "younger than the configuration says"
    );
    assert_eq!(
        trim(&["--keep-entries", "3", "--keep-for", "0"])["removed"],
        1
    );
    assert_eq!(
        trim(&["--keep-entries", "0", "--keep-for", "0"]),
        json!({"topic": "orders", "removed": 1, "unread": 0})
    );
    let lost = trim(&[
        "--keep-entries",
        "0",
        "--keep-for",
        "0",
        "--lose-unread-beyond",
        "1",
    ]);
    assert_eq!(lost, json!({"topic": "orders", "removed": 1, "unread": 1}));
}

fn a_group_is_deleted_once_that_is_confirmed(shop: &Shop) {
    for number in 1..=2 {
        shop.order("orders", number, None);
    }
    shop.text(&["consume", "-t", "orders", "-g", "lms", "--count", "1"]);
    let args = ["bus", "delete-group", "-t", "orders", "-g", "lms"];
    let err = shop.run(&args).failure(Status::Usage);
    assert!(
        err.contains("`lms` of `orders` has not handled 1 entry, and") && err.contains("`--yes`"),
        "{err}"
    );
    let member = Member::new("orders", "lms", "me");
    let led = shop.transport().lead(member, Duration::from_mins(1));
    let epoch = led.unwrap().epoch().unwrap();
    let yes = [&args[..], &["--yes"]].concat();
    let err = shop.run(&yes).failure(Status::Usage);
    assert!(
        err.contains("`me` reads `orders` for the group `lms` now"),
        "{err}"
    );
    park_next(&*shop.transport(), member.under(epoch));
    shop.transport().release(member.under(epoch)).unwrap();
    let err = shop.run(&args).failure(Status::Usage);
    assert!(
        err.contains("0 entries and 1 delivery that waits for a retry"),
        "{err}"
    );
    assert_eq!(
        shop.json(&yes),
        json!({"topic": "orders", "group": "lms", "lost": 0, "parked": 1})
    );
    assert_eq!(shop.group("orders"), Value::Null);
    let err = shop.run(&yes).failure(Status::Usage);
    assert!(
        err.contains("nobody has read it in a group so far"),
        "{err}"
    );
}

/// Receives the next entry and parks it for a receiver.
fn park_next(transport: &dyn Transport, member: Member<'_>) {
    let received = transport.receive(member, Limit::entries(1), Duration::ZERO);
    let entry = received.unwrap().remove(0);
    let state = RetryState {
        receiver: "lms.orders".into(),
        key: None,
        attempts: 1,
        error: "no".into(),
        due: Timestamp::MAX,
        delay: Duration::from_hours(1),
    };
    let parked = Settlement::new(entry.id, None, Arc::default())
        .with_parked(entry.record.unwrap(), vec![state]);
    transport.settle(member, &[parked]).unwrap();
}

#[test]
fn what_waits_in_an_outbox_or_for_durable_receivers_is_told_apart() {
    let shop = Shop::in_a_file();
    let outbox = shop.folder.path().join("outbox.db");
    let mut config = BusConfig::sqlite(shop.folder.path().join("events.db"))
        .with_outbox(OutboxStore::Sqlite(SqliteConfig::new(&outbox)))
        .with_route(CANCELLED, "orders");
    config.subscriptions.clear();
    let bus = Bus::start(config).unwrap();
    bus.flush(Duration::from_secs(30)).unwrap();
    bus.shutdown(Duration::from_secs(30)).unwrap();
    // Work that nobody has done.
    let store = events_bus::open(&BusConfig::sqlite(&outbox))
        .unwrap()
        .unwrap();
    let record = || events_bus::Record::new(events_core::EventMetadata::new(CANCELLED), vec![2]);
    store
        .publish(&names::outbox("orders"), &[record(), record()])
        .unwrap();
    store.publish(&names::durable("lms"), &[record()]).unwrap();
    store
        .join(&names::durable("lms"), "durable", Start::Beginning)
        .unwrap();
    shop.transport().publish("orders", &[record()]).unwrap();

    let config = shop.file(
        "site.toml",
        &format!(
            "[bus]\ntransport = \"memory\"\n[bus.outbox]\nstore = \"sqlite\"\npath = {:?}\n",
            outbox.to_str().unwrap()
        ),
    );
    let args = ["bus", "status", "--config", config.to_str().unwrap()];
    let status = shop.json(&args);
    assert_eq!(array(&status["topics"]).len(), 1, "{status}");
    let [outbox] = array(&status["outboxes"]) else {
        panic!("one outbox: {status}");
    };
    assert_eq!(
        (&outbox["for"], &outbox["waiting"]),
        (&"orders".into(), &2.into())
    );
    let [durable] = array(&status["durable"]) else {
        panic!("one service: {status}");
    };
    assert_eq!(
        (&durable["for"], &durable["waiting"]),
        (&"lms".into(), &1.into())
    );
    let text = shop.text(&args);
    assert!(
        text.contains("OUTBOX FOR  WAITING") && text.contains("DURABLE WORK OF  WAITING"),
        "{text}"
    );
}
