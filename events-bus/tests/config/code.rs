//! Configurations that are written in code.

use std::path::PathBuf;
use std::time::Duration;

use events_bus::config::{
    OutboxStore, Secret, SqliteConfig, Subscription, TransportConfig, TrimPolicy, WhenFull,
};

use super::*;

fn wrong(change: impl FnOnce(&mut BusConfig)) -> Vec<String> {
    let mut config = BusConfig::memory();
    change(&mut config);
    let Err(errors) = config.check() else {
        return Vec::new();
    };
    let text = errors.to_string();
    let count = errors.iter().count();
    assert_eq!(text.lines().count(), count + 1, "{text}");
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn it_is_checked_like_a_file() {
    let config = BusConfig::redis("redis://user:secret").with_route(PLACED, "a b");
    let errors = config.check().unwrap_err();
    assert_eq!(
        errors.to_string(),
        "the configuration of the bus has 3 problems\n\
         - `bus.redis.url` has a port that is no number of a port, expected a URL such as `redis://host:6379/0`, `rediss://…` or \
         `redis+unix:///…`; correct it, and write special characters of a password in their percent encoding\n\
         - `bus.outbox.store` has to say where events wait while the Redis server does not answer: `memory`, where they are \
         lost with the process, or `sqlite`, where they are kept in the file `bus.outbox.path` and cost a write each; write one \
         of them\n\
         - `bus.producer.\"org.example.shop.order.placed.v1\".\"a b\"`: topic `a b` has white space, control characters or \
         braces; write a name such as `user-events`"
    );
    let kinds: Vec<_> = errors
        .iter()
        .map(|error| (error.kind(), error.key()))
        .collect();
    assert_eq!(
        kinds,
        [
            (Kind::InvalidValue, "bus.redis.url".to_owned()),
            (Kind::MissingKey, "bus.outbox.store".to_owned()),
            (
                Kind::InvalidValue,
                "bus.producer.\"org.example.shop.order.placed.v1\".\"a b\"".to_owned()
            ),
        ]
    );
    // Who only consumes needs no outbox.
    let consumer = BusConfig::redis("redis://host").with_subscription("g", &["t"]);
    assert_eq!(consumer.check(), Ok(()));
    let with_outbox = BusConfig::redis("redis://host").with_route(PLACED, "t");
    assert_eq!(with_outbox.with_outbox(OutboxStore::Memory).check(), Ok(()));
}

#[test]
fn numbers_have_limits() {
    assert_eq!(
        wrong(|config| config.outbox.capacity = usize::MAX),
        [
            "`bus.outbox.capacity` is `9223372036854775807`, expected `1` to `10000000`; write a number within these limits"
        ]
    );
    let too_small: [fn(&mut BusConfig); 15] = [
        |config| config.outbox.capacity = 0,
        |config| config.outbox.max_batch = 0,
        |config| config.outbox.when_full = WhenFull::Block(Duration::ZERO),
        |config| config.consumer.workers = 0,
        |config| config.consumer.max_in_flight = 0,
        |config| config.consumer.batch = 0,
        |config| config.consumer.lease = Duration::ZERO,
        |config| config.consumer.receiver_timeout = Duration::ZERO,
        |config| config.consumer.duplicate_window = Duration::MAX,
        |config| config.retry.max_attempts = 0,
        |config| config.retry.first_delay = Duration::ZERO,
        |config| config.retry.max_delay = Duration::MAX,
        |config| config.retry.multiplier_percent = 99,
        |config| config.retry.jitter_percent = 101,
        |config| config.trim.keep_for = Duration::MAX,
    ];
    for (index, change) in too_small.into_iter().enumerate() {
        let told = wrong(change);
        assert_eq!(told.len(), 1, "{index}: {told:?}");
        assert!(told[0].contains("within these limits"), "{told:?}");
    }
    assert_eq!(
        wrong(|config| {
            config.trim.keep_entries = 0;
            config.trim.lose_unread_beyond = Some(0);
        }),
        ["`bus.trim.lose_unread_beyond` is `0`, expected `1` or more; write such a number"]
    );
    assert_eq!(
        wrong(|config| config.outbox.when_full = WhenFull::Refuse),
        [""; 0]
    );
}

#[test]
fn settings_have_to_fit_together() {
    assert_eq!(
        wrong(|config| config.retry.max_delay = Duration::from_millis(50)),
        [
            "`bus.retry.first_delay` is `1s`, longer than `bus.retry.max_delay`, `50ms`; shorten the one or lengthen the other"
        ]
    );
    assert_eq!(
        wrong(|config| config.trim.lose_unread_beyond = Some(5)),
        [
            "`bus.trim.lose_unread_beyond` is `5`, fewer than the `10000` entries that stay by `bus.trim.keep_entries`; raise \
             the one or lower the other"
        ]
    );
    assert_eq!(
        wrong(|config| config.transport = TransportConfig::Sqlite(SqliteConfig::new(""))),
        ["`bus.sqlite.path` is empty, expected the path of a file; write one such as `events.db`"]
    );
    assert_eq!(
        wrong(|config| config.outbox.store = OutboxStore::Sqlite(SqliteConfig::new(":memory:"))),
        [
            "`bus.outbox.path` has a meaning of its own to SQLite, expected the path of a file; write one such as `events.db`"
        ]
    );
}

#[test]
fn subscriptions_are_checked() {
    assert_eq!(
        wrong(|config| {
            config.subscriptions = vec![
                Subscription::new("", ["a", "events:x"]),
                Subscription::new("g", [""; 0]),
                Subscription::new("g", ["a", "b"]),
                Subscription::new("g", ["b"]),
            ];
        }),
        [
            "`bus.consumer.subscriptions[0].group`: group `` is empty; write a name such as `user-events`",
            "`bus.consumer.subscriptions[0].topics[1]`: topic `events:x` begins with `events:`, as only internal topics do; \
             write a name such as `user-events`",
            "`bus.consumer.subscriptions[1].topics` has no topic, so nothing would be consumed; write one, or remove the \
             subscription",
            "`bus.consumer.subscriptions[3].topics[0]`: group `g` consumes topic `b` twice; remove one of the two",
        ]
    );
}

#[test]
fn a_prefix_belongs_to_every_topic() {
    let early = BusConfig::memory()
        .with_topic_prefix("stage")
        .with_route(PLACED, "orders");
    let late = BusConfig::memory()
        .with_route(PLACED, "orders")
        .with_topic_prefix("other")
        .with_topic_prefix("stage");
    assert_eq!(early, late);
    let route = &late.routes.for_event(PLACED)[0];
    assert_eq!(
        (route.topic.as_str(), route.base_topic()),
        ("stage-orders", "orders")
    );
    assert_eq!(late.topic_prefix(), Some("stage"));
    assert_eq!(late.full_topic("x"), "stage-x");
    // Together they may be too long; a prefix that is wrong is told once.
    let long = "x".repeat(199);
    let config = BusConfig::memory().with_subscription("g", &[&long, "t"]);
    assert_eq!(
        config
            .clone()
            .with_topic_prefix("a")
            .check()
            .unwrap_err()
            .iter()
            .count(),
        1
    );
    let told = config.with_topic_prefix("a b").check().unwrap_err();
    assert_eq!(
        told.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "`bus.topic_prefix` is `a b`, expected up to 200 bytes without white space, control characters, braces, and \
             `events:` at the beginning; write a prefix such as `stage`"
        ]
    );
}

#[test]
fn a_route_is_given_once() {
    let config = BusConfig::memory()
        .with_keyed_route(PLACED, "orders", "number")
        .with_route(CANCELLED, "orders")
        .with_route(PLACED, "audit")
        .with_route(PLACED, "orders");
    let routes: Vec<_> = config
        .routes
        .iter()
        .flat_map(|(event_type, routes)| {
            routes
                .iter()
                .map(move |route| (event_type, &*route.topic, &route.key))
        })
        .collect();
    assert_eq!(
        routes,
        [
            (PLACED, "orders", &None),
            (PLACED, "audit", &None),
            (CANCELLED, "orders", &None)
        ]
    );
    let off = config.without_route(PLACED, "orders");
    assert!(!off.routes.for_event(PLACED)[0].enabled);
    assert!(off.with_route(PLACED, "orders").routes.for_event(PLACED)[0].enabled);
}

#[test]
fn plain_parts_are_plain() {
    assert_eq!(format!("{:?}", Secret::from("secret")), "…");
    assert_eq!(SqliteConfig::new("a").path, PathBuf::from("a"));
    let retention = TrimPolicy::default().retention();
    assert_eq!(
        (retention.entries, retention.lose_unread_beyond),
        (10_000, None)
    );
}
