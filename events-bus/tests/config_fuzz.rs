//! Any table is a configuration of a bus or a list of problems, never a panic; and never is a password in it.

use events_bus::config::BusConfig;
use events_core::config::Config;
use events_core::event;
use proptest::prelude::*;

#[event(type = "org.example.shop.order.placed.v1")]
struct OrderPlaced {
    number: i64,
}

const TOML: &str = r#"[bus]
transport = "redis"
topic_prefix = "stage"
[bus.redis]
url = "redis://user:hunter2@host:6379/0"
connect_timeout = "5s"
[bus.outbox]
store = "sqlite"
path = "outbox.db"
capacity = 100
when_full = "refuse"
[bus.producer."org.example.shop.order.placed.v1".orders]
event_key_field = "number"
enabled = true
[bus.consumer]
workers = 4
lease = "30s"
start = "now"
[[bus.consumer.subscriptions]]
group = "lms"
topics = ["user-events", "ä"]
[bus.retry]
first_delay = "1s"
[bus.trim]
keep_for = "7d"
"#;

const JSON: &str = r#"{"bus": {"transport": "redis", "redis": {"url": "redis://user:hunter2@host"}, "outbox": {"store": "memory"},
  "producer": {"org.example.shop.order.placed.v1": {"orders": {"event_key_field": "number", "enabled": false}}},
  "consumer": {"subscriptions": [{"group": "a", "topics": ["b"]}], "order": "none"}, "retry": {"max_attempts": 7}}}"#;

fn survive(config: &Config) {
    for value in config.values() {
        value.to_string();
    }
    match BusConfig::from_config_in(config, |_| None) {
        Ok(bus) => assert_eq!(bus.check(), Ok(())),
        Err(errors) => {
            let count = errors.iter().count();
            assert!(count > 0);
            let text = errors.to_string();
            assert_eq!(text.lines().count(), count + 1, "{errors:?}");
        }
    }
}

fn both(text: &str) {
    let toml = Config::from_toml(text, "any.toml");
    let json = Config::from_json(text, "any.json");
    survive(&toml);
    survive(&json);
    survive(&Config::layers([
        Config::from_toml(TOML, "base.toml"),
        toml,
        json,
    ]));
}

/// A valid text with a part of it replaced by something else.
fn damaged(text: &'static str) -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}\",:=.#/\\\\\n\r\t 0-9a-z_-]{0,6}",
        "\\PC{0,4}",
        Just("-1".to_owned()),
        Just("\"\"".to_owned()),
        Just("[bus.redis]\n".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("\"1 fortnight\"".to_owned()),
    ];
    let chars = text.chars().count();
    (0..=chars, 0..12_usize, bits).prop_map(move |(at, length, bit)| {
        let before: String = text.chars().take(at).collect();
        let after: String = text.chars().skip(at + length).collect();
        before + &bit + &after
    })
}

#[test]
fn what_is_damaged_below_is_right() {
    for config in [
        Config::from_toml(TOML, "a.toml"),
        Config::from_json(JSON, "a.json"),
    ] {
        assert_eq!(BusConfig::from_config(&config).err(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_toml(text in damaged(TOML)) {
        both(&text);
    }

    #[test]
    fn damaged_json(text in damaged(JSON)) {
        both(&text);
    }

    /// A slip within the URL, whatever it is, does not bring the password out.
    #[test]
    fn damaged_urls(
        at in 0..10_usize,
        length in 0..3_usize,
        bit in "[:/@?#\\[\\] a-z0-9%]{0,3}",
        key in prop::sample::select(vec!["redis.url", "redis.url_env", "transport", "sqlite", "topic_prefix", "outbox.path"]),
    ) {
        let url = "redis://u:hunter2@host/0";
        let damaged: String = url.chars().take(at).chain(bit.chars()).chain(url.chars().skip(at + length)).collect();
        let text = format!("[bus]\n{key} = '{damaged}'");
        let config = Config::from_toml(&text, "a.toml");
        let values: Vec<_> = config.values().iter().map(ToString::to_string).collect();
        prop_assert!(!values.concat().contains("hunter2"), "{:?}", values);
        let debug = format!("{config:?}");
        prop_assert!(!debug.contains("hunter2"), "{}", debug);
        if let Err(errors) = BusConfig::from_config_in(&config, |_| None) {
            prop_assert!(!errors.to_string().contains("hunter2"), "{}", errors);
        }
    }
}
