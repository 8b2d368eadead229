//! Configurations that are right.

use std::time::Duration;

use events_bus::config::{
    KeyPath, Order, OutboxStore, RedisConfig, SqliteConfig, SqliteSync, StartAt, Subscription,
    UnknownTypes, WhenFull,
};

use super::*;

const EVERYTHING: &str = r#"
service = "lms"

[bus]
transport = "redis"
topic_prefix = "stage"
max_event_bytes = 1_048_576

[bus.redis]
url = "rediss://user:secret@host:6379/0"
connect_timeout = "2s"
response_timeout = "250ms"
wait_replicas = 1
username = "events"
password_file = "password"
root_certificates = "authority.pem"
client_certificate = "service.pem"
client_key = "service.key"

[bus.sqlite]
path = "events.db"
sync = "normal"

[bus.outbox]
store = "sqlite"
path = "outbox.db"
sync = "normal"
capacity = 10
when_full = "block"
block_timeout = "1m"
max_batch = 5
lease = "2s"

[bus.producer."org.example.shop.order.placed.v1".orders]
event_key_field = "customer.address.city"

[bus.producer."org.example.shop.order.placed.v1".audit]
enabled = false

[bus.producer."org.example.shop.order.cancelled.v1".orders]

[bus.consumer]
workers = 2
max_in_flight = 20
max_in_flight_bytes = 1_000_000
max_parked = 50
max_deliveries = 3
batch = 10
lease = "7s"
receiver_timeout = "1h 30m"
start = "now"
order = "none"
duplicate_window = "0s"

[[bus.consumer.subscriptions]]
group = "lms"
topics = ["user-events", "orders"]
unknown_types = "skip"

[bus.retry]
max_attempts = 7
first_delay = "2s"
max_delay = "1d"
multiplier_percent = 150
jitter_percent = 0

[bus.trim]
keep_entries = 1000
keep_for = "1d"
lose_unread_beyond = 1_000_000

[bus.dead_letters]
max_entries = 500
max_age = "90d"
"#;

fn everything() -> BusConfig {
    let mut redis = RedisConfig::new("rediss://user:secret@host:6379/0");
    redis.connect_timeout = Duration::from_secs(2);
    redis.response_timeout = Duration::from_millis(250);
    redis.wait_replicas = 1;
    redis.username = Some("events".to_owned());
    redis.password_file = Some("password".into());
    redis.root_certificates = Some("authority.pem".into());
    redis.client_certificate = Some("service.pem".into());
    redis.client_key = Some("service.key".into());
    let mut outbox = SqliteConfig::new("outbox.db");
    outbox.sync = SqliteSync::Normal;
    let mut config = BusConfig::none()
        .with_keyed_route(PLACED, "orders", "customer.address.city")
        .with_route(PLACED, "audit")
        .without_route(PLACED, "audit")
        .with_route(CANCELLED, "orders")
        .with_outbox(OutboxStore::Sqlite(outbox))
        .with_subscription("lms", &["user-events", "orders"])
        .with_topic_prefix("stage");
    config.transport = redis.into();
    config.outbox.capacity = 10;
    config.outbox.when_full = WhenFull::Block(Duration::from_mins(1));
    config.outbox.max_batch = 5;
    config.outbox.lease = Duration::from_secs(2);
    config.max_event_bytes = 1_048_576;
    config.consumer.workers = 2;
    config.consumer.max_in_flight = 20;
    config.consumer.max_in_flight_bytes = 1_000_000;
    config.consumer.max_parked = 50;
    config.consumer.max_deliveries = 3;
    config.consumer.batch = 10;
    config.consumer.lease = Duration::from_secs(7);
    config.subscriptions[0].unknown_types = UnknownTypes::Skip;
    config.dead_letters.max_entries = 500;
    config.dead_letters.max_age = Duration::from_hours(90 * 24);
    config.consumer.receiver_timeout = Duration::from_mins(90);
    config.consumer.start = StartAt::Now;
    config.consumer.order = Order::None;
    config.consumer.duplicate_window = Duration::ZERO;
    config.retry.max_attempts = 7;
    config.retry.first_delay = Duration::from_secs(2);
    config.retry.max_delay = Duration::from_hours(24);
    config.retry.multiplier_percent = 150;
    config.retry.jitter_percent = 0;
    config.trim.keep_entries = 1000;
    config.trim.keep_for = Duration::from_hours(24);
    config.trim.lose_unread_beyond = Some(1_000_000);
    config
}

#[test]
fn files_say_what_code_says() {
    let config = read(&toml(EVERYTHING)).unwrap();
    assert_eq!(config, everything());
    assert_eq!(config.check(), Ok(()));
    // Nothing in it is of interest to the rest of the configuration.
    assert_eq!(toml(EVERYTHING).check(), Ok(()));
}

#[test]
fn json_says_the_same() {
    let text = r#"{"service": "lms", "bus": {
        "transport": "redis",
        "topic_prefix": "stage",
        "redis": {"url": "rediss://user:secret@host:6379/0", "connect_timeout": "2s", "response_timeout": "250ms",
                  "wait_replicas": 1, "username": "events", "password_file": "password",
                  "root_certificates": "authority.pem", "client_certificate": "service.pem", "client_key": "service.key"},
        "outbox": {"store": "sqlite", "path": "outbox.db", "sync": "normal", "capacity": 10, "block_timeout": "1m", "max_batch": 5,
                   "lease": "2s"},
        "max_event_bytes": 1048576,
        "producer": {
            "org.example.shop.order.placed.v1": {
                "orders": {"event_key_field": "customer.address.city"},
                "audit": {"enabled": false}
            },
            "org.example.shop.order.cancelled.v1": {"orders": {}}
        },
        "consumer": {
            "workers": 2, "max_in_flight": 20, "max_in_flight_bytes": 1000000, "max_parked": 50, "max_deliveries": 3,
            "batch": 10, "lease": "7s", "receiver_timeout": "1h 30m", "start": "now",
            "order": "none", "duplicate_window": "0s",
            "subscriptions": [{"group": "lms", "topics": ["user-events", "orders"], "unknown_types": "skip"}]
        },
        "retry": {"max_attempts": 7, "first_delay": "2s", "max_delay": "1d", "multiplier_percent": 150, "jitter_percent": 0},
        "trim": {"keep_entries": 1000, "keep_for": "1d", "lose_unread_beyond": 1000000},
        "dead_letters": {"max_entries": 500, "max_age": "90d"}
    }}"#;
    assert_eq!(read(&json(text)).unwrap(), everything());
}

#[test]
fn what_is_not_said_has_its_default() {
    for (text, config) in [
        ("transport = \"none\"", BusConfig::none()),
        ("transport = \"memory\"", BusConfig::memory()),
        (
            "transport = \"sqlite\"\nsqlite.path = \"events.db\"",
            BusConfig::sqlite("events.db"),
        ),
        (
            "transport = \"redis\"\nredis.url = \"redis+unix:///run/redis.sock\"",
            BusConfig::redis("redis+unix:///run/redis.sock"),
        ),
    ] {
        assert_eq!(read(&toml(&format!("[bus]\n{text}"))), Ok(config), "{text}");
    }
}

#[test]
fn later_layers_override_single_keys() {
    let base = toml(
        r#"
        [bus]
        transport = "redis"
        topic_prefix = "stage"
        redis = { url = "redis://host", connect_timeout = "1s" }
        outbox = { store = "sqlite", path = "outbox.db", capacity = 5 }
        retry.max_attempts = 3
        retry.jitter_percent = 0
        [bus.producer."org.example.shop.order.placed.v1".orders]
        event_key_field = "number"
        [bus.producer."org.example.shop.order.placed.v1".audit]
        [bus.consumer]
        subscriptions = [{ group = "a", topics = ["x"] }, { group = "b", topics = ["x"] }]
        "#,
    );
    let plugin = json(
        r#"{"bus": {"producer": {
            "org.example.shop.order.placed.v1": {"audit": {"event_key_field": "id"}},
            "org.example.shop.order.cancelled.v1": {"orders": {"enabled": false}}
        }}}"#,
    );
    let site = toml(
        r#"
        [bus]
        topic_prefix = "live"
        redis = { url_env = "TEST_REDIS", response_timeout = "2s" }
        outbox = { store = "memory" }
        retry.max_attempts = 4
        producer."org.example.shop.order.placed.v1".orders.enabled = false
        producer."org.example.shop.order.cancelled.v1".orders.enabled = true
        consumer.subscriptions = [{ group = "c", topics = ["y"] }]
        "#,
    );
    let config = read(&Config::layers([base, plugin, site])).unwrap();
    let redis: &RedisConfig = config.transport.get().unwrap();
    assert_eq!(redis.url.expose(), "redis://user:secret@host");
    assert_eq!(redis.connect_timeout, Duration::from_secs(1));
    assert_eq!(redis.response_timeout, Duration::from_secs(2));
    assert_eq!(config.outbox.store, OutboxStore::Memory);
    assert_eq!(config.outbox.capacity, 5);
    assert_eq!(
        (config.retry.max_attempts, config.retry.jitter_percent),
        (4, 0)
    );
    let routes = |event_type: &str| -> Vec<_> {
        let routes = config.routes.for_event(event_type).iter();
        let route = routes.map(|route| {
            let key = route.key.as_ref().map(KeyPath::as_str);
            (route.topic.as_str(), key, route.enabled)
        });
        route.collect()
    };
    assert_eq!(
        routes(PLACED),
        [
            ("live-orders", Some("number"), false),
            ("live-audit", Some("id"), true)
        ]
    );
    assert_eq!(routes(CANCELLED), [("live-orders", None, true)]);
    assert_eq!(config.subscriptions, [Subscription::new("c", ["y"])]);
}

#[test]
fn a_url_of_a_later_layer_overrides_a_variable() {
    let url = |text: &str| format!("[bus]\ntransport = \"redis\"\nredis.{text}");
    let layers = [url("url_env = \"NOT_SET\""), url("url = \"redis://host\"")];
    let config = read(&Config::layers(layers.map(|text| toml(&text)))).unwrap();
    assert_eq!(config, BusConfig::redis("redis://host"));
}

#[test]
fn a_url_replaces_the_address_and_no_other_setting() {
    let files = toml(
        r#"
        [bus]
        transport = "sqlite"
        sqlite.sync = "normal"
        redis = { url_env = "NOT_SET", connect_timeout = "1s", username = "events", password_file = "password" }
        topic_prefix = "stage"
        outbox.store = "memory"
        "#,
    );
    let config = BusConfig::from_config_and_url(&files, "redis://host").unwrap();
    let mut redis = RedisConfig::new("redis://host");
    redis.connect_timeout = Duration::from_secs(1);
    let expected = BusConfig::on(redis)
        .with_topic_prefix("stage")
        .with_outbox(OutboxStore::Memory);
    assert_eq!(config, expected);
    let config = BusConfig::from_config_and_url(&files, "sqlite:a.db").unwrap();
    let mut sqlite = SqliteConfig::new("a.db");
    sqlite.sync = SqliteSync::Normal;
    assert_eq!(config.transport, sqlite.into());
    // No file needs to say which bus.
    assert_eq!(
        BusConfig::from_config_and_url(&Config::default(), "sqlite:a.db"),
        Ok(BusConfig::sqlite("a.db"))
    );
    let errors = BusConfig::from_config_and_url(&files, "redis:user:secret@host").unwrap_err();
    let text = errors.to_string();
    assert!(
        text.contains("- site.toml:2:10: the URL of the bus has no scheme with `://`, expected")
            && !text.contains("secret"),
        "{text}"
    );
    // Problems of the files are reported all the same.
    let wrong = toml("[bus]\ntransport = \"sqlit\"\nsqlite.sink = \"normal\"");
    let errors = BusConfig::from_config_and_url(&wrong, "sqlite:a.db").unwrap_err();
    let kinds: Vec<_> = errors
        .iter()
        .map(events_core::config::ConfigError::kind)
        .collect();
    assert_eq!(kinds, [Kind::InvalidValue, Kind::UnknownKey]);
}

#[test]
fn the_environment_of_the_process_is_asked() {
    // Cargo sets this variable for every test, and it is no URL.
    let text = "[bus]\ntransport = \"redis\"\nredis.url_env = \"CARGO_PKG_NAME\"";
    let errors = BusConfig::from_config(&toml(text)).unwrap_err();
    let text = errors.to_string();
    assert!(
        text.contains(
            "environment variable `CARGO_PKG_NAME`, which `bus.redis.url_env` names, has no scheme with"
        ),
        "{text}"
    );
}

#[test]
fn passwords_are_not_shown() {
    let config = toml(EVERYTHING);
    let values = config.values();
    let values = values.iter().map(ToString::to_string);
    let shown: Vec<_> = values
        .chain([format!("{config:?}"), format!("{:?}", everything())])
        .collect();
    let shown = shown.join("\n");
    assert!(
        shown.contains("bus.redis.url = \"rediss://user:…@host:6379/0\" (site.toml:10:7)"),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
}
