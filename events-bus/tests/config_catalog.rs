//! The configuration of a bus in a binary with the catalog of Open edX: what the book says, and messages where there are many
//! events. It has a binary of its own, since the registry is that of the whole binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use events_bus::config::{BusConfig, OutboxStore, SqliteConfig};
use events_bus::transport::driver::{Driver, drivers};
use events_catalog as _;
use events_core::config::Config;

fn page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join("docs/src/configuration.md")).unwrap()
}

fn read(text: &str) -> Result<BusConfig, String> {
    let config = Config::from_toml(text, "page.toml");
    let url = |name: &str| (name == "EVENTS_REDIS_URL").then(|| "redis://host".to_owned());
    BusConfig::from_config_in(&config, url).map_err(|errors| errors.to_string())
}

#[test]
fn the_example_of_the_book_is_right() {
    let page = page();
    let (_, rest) = page
        .split_once("<!-- the table of a bus -->\n```toml\n")
        .unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let key = "user.pii.username";
    let expected = BusConfig::redis("redis://host")
        .with_topic_prefix("stage")
        .with_outbox(OutboxStore::Sqlite(SqliteConfig::new("outbox.db")))
        .with_keyed_route(
            "org.openedx.learning.student.registration.completed.v1",
            "user-events",
            key,
        )
        .with_keyed_route(
            "org.openedx.learning.auth.session.login.completed.v1",
            "user-events",
            key,
        )
        .with_subscription("lms", &["user-events"]);
    assert_eq!(read(text), Ok(expected));
}

#[test]
fn the_defaults_of_the_book_are_the_defaults() {
    // In which every key has a meaning.
    let route = "producer.\"org.openedx.learning.student.registration.completed.v1\".t";
    let base = format!("bus.transport = \"sqlite\"\nbus.sqlite.path = \"a\"\nbus.{route} = {{}}\n");
    let base = base.replace(" = {}", ".event_key_field = \"user.id\"");
    let without = read(&base).unwrap();
    let page = page();
    let (_, table) = page.split_once("| Key in `bus` | Default |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let mut defaults = 0;
    for row in table.lines().skip(2) {
        let cells: Vec<_> = row.split(" | ").collect();
        let key = cells[0].trim_matches(['|', ' ', '`']).replace('…', route);
        let default = cells[1]
            .strip_prefix('`')
            .and_then(|default| default.strip_suffix('`'));
        let Some(default) = default else { continue };
        defaults += 1;
        if key.ends_with(".unknown_types") {
            // A key of each subscription.
            let one = |more: &str| {
                read(&format!(
                    "{base}bus.consumer.subscriptions = [{{ group = \"g\", topics = [\"t\"]{more} }}]"
                ))
            };
            assert_eq!(
                one(&format!(", unknown_types = {default}")),
                one(""),
                "{row}"
            );
            continue;
        }
        if key == "outbox.sync" {
            let file = format!("{base}bus.outbox.store = \"sqlite\"\nbus.outbox.path = \"b\"\n");
            let with = read(&format!("{file}bus.{key} = {default}"));
            assert_eq!(with, read(&file), "{row}");
            continue;
        }
        let with = read(&format!("{base}bus.{key} = {default}"));
        if key == "outbox.store" {
            // A choice is remembered: a transport that has no default asks for one.
            assert_eq!(
                with.map(|bus| bus.outbox.store),
                Ok(without.outbox.store.clone())
            );
            continue;
        }
        assert_eq!(with.as_ref(), Ok(&without), "{row}");
    }
    assert!(defaults > 20, "{defaults}");
}

#[test]
fn every_key_is_in_the_book() {
    // The unknown key brings out the list of those that there are, table by table.
    let page = page();
    let (_, table) = page.split_once("| Key in `bus` | Default |").unwrap();
    let drivers = drivers().into_iter().map(Driver::name);
    for inner in drivers.chain(["outbox", "consumer", "retry", "trim", "dead_letters"]) {
        let told = read(&format!(
            "[bus]\ntransport = \"none\"\n[bus.{inner}]\nqqqqqq = 1"
        ))
        .unwrap_err();
        let (_, keys) = told.split_once("the keys there are ").unwrap();
        let (keys, _) = keys.split_once(';').unwrap();
        for key in keys.split(", ").filter(|keys| *keys != "none") {
            let row = format!("\n| `{inner}.{} |", key.trim_start_matches('`'));
            assert!(table.contains(&row), "{row}");
        }
    }
}

#[test]
fn of_many_events_only_the_nearest_is_named() {
    let route = |event_type: &str| {
        let text = format!("[bus]\ntransport = \"none\"\nproducer.\"{event_type}\".t = {{}}");
        read(&text).unwrap_err()
    };
    assert_eq!(
        route("org.openedx.learning.student.registration.complete.v1"),
        "the configuration has 1 problem\n\
         - page.toml:3:10: `org.openedx.learning.student.registration.complete.v1` in `bus.producer` is no event type among the \
         75 of this binary; did you mean `org.openedx.learning.student.registration.completed.v1`? correct it, or link the \
         catalog crate that declares the event"
    );
    let python = route("openedx_events.learning.signals.STUDENT_REGISTRATION_COMPLETED");
    assert!(
        python.contains(
            "its event type is `org.openedx.learning.student.registration.completed.v1`; correct it"
        ),
        "{python}"
    );
    let other = route("com.example.what.ever.v1");
    assert!(
        other.contains("of this binary; correct it, or link"),
        "{other}"
    );
}
