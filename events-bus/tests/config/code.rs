//! Configurations that are written in code.

use std::path::PathBuf;
use std::time::Duration;

use events_bus::config::{
    OutboxStore, RedisConfig, Secret, SqliteConfig, Subscription, TransportConfig, TrimPolicy,
    WhenFull,
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
         - `bus.redis.url` has a port that is not a port number, expected a URL such as `redis://host:6379/0`, `rediss://…` or \
         `redis+unix:///…`; correct it, and write special characters of a password in their percent encoding\n\
         - transport `redis` needs `bus.outbox.store`: choose where events wait while the server is unreachable: `memory` \
         loses them with the process, `sqlite` keeps them in the file `bus.outbox.path` and costs a write each; with \
         `transport`, which suits relays, a send waits for the server and fails; write one of them\n\
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
    for store in [OutboxStore::Memory, OutboxStore::Transport] {
        assert_eq!(with_outbox.clone().with_outbox(store).check(), Ok(()));
    }
}

#[test]
fn numbers_have_limits() {
    assert_eq!(
        wrong(|config| config.outbox.capacity = usize::MAX),
        [
            "`bus.outbox.capacity` is `9223372036854775807`, expected `1` to `10000000`; write a number within these limits"
        ]
    );
    let too_small: [fn(&mut BusConfig); 21] = [
        |config| config.outbox.capacity = 0,
        |config| config.max_event_bytes = 0,
        |config| config.outbox.max_batch = 0,
        |config| config.outbox.lease = Duration::ZERO,
        |config| config.outbox.when_full = WhenFull::Block(Duration::ZERO),
        |config| config.consumer.workers = 0,
        |config| config.consumer.max_in_flight = 0,
        |config| config.consumer.max_in_flight_bytes = 0,
        |config| config.consumer.max_parked = 0,
        |config| config.consumer.max_deliveries = 0,
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
        |config| config.dead_letters.max_age = Duration::ZERO,
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
        wrong(|config| config.transport = SqliteConfig::new("").into()),
        [
            "key `path` is missing in `bus.sqlite`, where `transport = \"sqlite\"` requires it; add it with the path of a \
             file, such as `\"sqlite.db\"`"
        ]
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
fn a_transport_is_an_option_of_settings() {
    let mut config = BusConfig::sqlite("events.db");
    assert_eq!(config.transport.name(), "sqlite");
    assert_eq!(config.transport.get::<RedisConfig>(), None);
    let copy = config.clone();
    config.transport.get_mut::<SqliteConfig>().unwrap().path = "other.db".into();
    assert_ne!(copy, config);
    assert_eq!(config, BusConfig::sqlite("other.db"));
    assert_ne!(config, BusConfig::memory());
    config.transport = TransportConfig::none();
    assert_eq!(
        (config.transport.name(), &config),
        ("none", &BusConfig::none())
    );
    assert!(config.transport.settings().is_none());
    let shown = format!(
        "{:?}",
        BusConfig::redis("redis://user:secret@host").transport
    );
    assert!(
        shown.contains("RedisConfig") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn a_url_names_a_transport() {
    const EXPECTED: &str = "expected one of `sqlite:PATH`, `redis://HOST:PORT/DATABASE`, `rediss://HOST:PORT/DATABASE`, \
                            `redis+unix://SOCKET`, `unix://SOCKET`; correct it";
    const REDIS: &str = "expected a URL such as `redis://host:6379/0`, `rediss://…` or `redis+unix:///…`; correct it, and write \
                         special characters of a password in their percent encoding";
    const SQLITE: &str =
        "expected `sqlite:PATH`; write the path of a file, such as `sqlite:events.db`";

    for (url, config) in [
        ("sqlite:events.db", BusConfig::sqlite("events.db")),
        (
            "sqlite:///var/events.db",
            BusConfig::sqlite("/var/events.db"),
        ),
        ("redis://host:1/2", BusConfig::redis("redis://host:1/2")),
        ("rediss://host", BusConfig::redis("rediss://host")),
        (
            "redis+unix:///run/r.sock",
            BusConfig::redis("redis+unix:///run/r.sock"),
        ),
        ("unix:///run/r.sock", BusConfig::redis("unix:///run/r.sock")),
    ] {
        assert_eq!(BusConfig::from_url(url), Ok(config), "{url}");
    }
    for (url, told) in [
        ("", format!("begins with no scheme; {EXPECTED}")),
        ("events.db", format!("begins with no scheme; {EXPECTED}")),
        (
            "p@ss:secret@host",
            format!("begins with no scheme; {EXPECTED}"),
        ),
        (
            "memory:",
            format!("begins with `memory:`, which names no transport; {EXPECTED}"),
        ),
        (
            "sqlit:events.db",
            format!(
                "begins with `sqlit:`, which names no transport; did you mean `sqlite`? {EXPECTED}"
            ),
        ),
        ("sqlite:", format!("has no path, {SQLITE}")),
        ("sqlite://", format!("has no path, {SQLITE}")),
        (
            "sqlite::memory:",
            format!("has a meaning of its own to SQLite, {SQLITE}"),
        ),
        (
            "redis:user:secret@host",
            format!("has no scheme with `://`, {REDIS}"),
        ),
        (
            "redis://user:secret",
            format!("has a port that is not a port number, {REDIS}"),
        ),
        (
            "redis://host?secret=1",
            format!("has an unknown parameter behind `?`, {REDIS}"),
        ),
    ] {
        let errors = BusConfig::from_url(url).unwrap_err();
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, [format!("the URL of the bus {told}")], "{url}");
    }
}

#[test]
fn settings_of_redis_fit_together() {
    let wrong = |change: fn(&mut RedisConfig)| {
        let mut redis = RedisConfig::new("redis://host");
        change(&mut redis);
        let errors = BusConfig::on(redis).check().unwrap_err();
        errors
            .iter()
            .map(|error| (error.kind(), error.key()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        wrong(|redis| redis.username = Some("events".to_owned())),
        [(Kind::Conflict, "bus.redis.username".to_owned())]
    );
    assert_eq!(
        wrong(|redis| redis.wait_replicas = 101),
        [(Kind::OutOfRange, "bus.redis.wait_replicas".to_owned())]
    );
    assert_eq!(
        wrong(|redis| redis.connect_timeout = Duration::ZERO),
        [(Kind::OutOfRange, "bus.redis.connect_timeout".to_owned())]
    );
    assert_eq!(
        wrong(|redis| redis.url = Secret::from("")),
        [(Kind::MissingKey, "bus.redis.url".to_owned())]
    );
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
