//! A transport of another crate is named in configurations, as those of this crate are. The binary is its own, since drivers are
//! registered for a whole process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/test_driver.rs"]
mod test_driver;

use std::time::Duration;

use events_bus::config::{BusConfig, OutboxStore, SqliteConfig};
use events_bus::transport::driver::{Driver, Settings, drivers};
use events_bus::transport::{Position, register};
use events_bus::{Bus, Record};
use events_core::config::{Config, ConfigErrorKind as Kind, ConfigErrors};
use events_core::{EventMetadata, event};
use test_driver::TestConfig;

#[event(type = "org.example.shop.order.placed.v1")]
struct OrderPlaced {
    number: i64,
}

const PLACED: &str = "org.example.shop.order.placed.v1";

fn store(name: &str) -> TestConfig {
    TestConfig {
        store: name.to_owned(),
        ..TestConfig::default()
    }
}

fn read(config: &Config) -> Result<BusConfig, ConfigErrors> {
    test_driver::install();
    BusConfig::from_config_in(config, |name| {
        (name == "TEST_STORE").then(|| "of_variable".to_owned())
    })
}

#[track_caller]
fn assert_told(text: &str, told: &[&str]) {
    let errors = read(&Config::from_toml(text, "site.toml")).unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, told);
}

#[test]
fn toml_json_variables_and_urls_name_it() {
    let toml = Config::from_toml(
        "[bus]\ntransport = \"test\"\n[bus.test]\nstore = \"one\"\npause = \"20ms\"\ntls.certificate = \"a.pem\"\nremote = true",
        "site.toml",
    );
    let json = Config::from_json(
        r#"{"bus": {"transport": "test", "test": {"store": "one", "pause": "20ms", "remote": true, "tls": {"certificate": "a.pem"}}}}"#,
        "site.json",
    );
    let mut expected = store("one");
    expected.pause = Duration::from_millis(20);
    expected.remote = true;
    expected.certificate = Some("a.pem".to_owned());
    assert_eq!(read(&toml), Ok(BusConfig::on(expected.clone())));
    assert_eq!(read(&json), Ok(BusConfig::on(expected.clone())));
    // A later layer overrides single keys.
    let later = Config::from_toml("[bus.test]\npause = \"30ms\"", "later.toml");
    expected.pause = Duration::from_millis(30);
    let config = read(&Config::layers([json.clone(), later])).unwrap();
    assert_eq!(config.transport.get(), Some(&expected));
    assert_eq!(config.transport.name(), "test");
    // An environment variable.
    let variable = Config::from_json(
        r#"{"bus": {"transport": "test", "test": {"store_env": "TEST_STORE"}}}"#,
        "site.json",
    );
    assert_eq!(read(&variable), Ok(BusConfig::on(store("of_variable"))));
    // A URL, alone and over files.
    assert_eq!(
        BusConfig::from_url("test:two"),
        Ok(BusConfig::on(store("two")))
    );
    let config = BusConfig::from_config_and_url(&json, "test+remote:two").unwrap();
    expected.store = "two".to_owned();
    expected.pause = Duration::from_millis(20);
    assert_eq!(config, BusConfig::on(expected));
}

#[test]
fn its_problems_have_places_and_suggestions() {
    assert_told(
        "[bus]\ntransport = \"tets\"",
        &[
            "site.toml:2:13: `bus.transport` is `tets`, which is none of its values; did you mean `test`? they are `sqlite`, \
             `redis`, `memory`, `test`, `none`; write one of them",
        ],
    );
    assert_told(
        "[bus]\ntopic_prefix = \"a\"",
        &[
            "site.toml:1:2: key `transport` is missing in `bus`, where it is required: it names the transport that keeps the \
             events; add one of `sqlite`, `redis`, `memory`, `test`, `none`, where `none` means no bus",
        ],
    );
    assert_told(
        "[bus]\ntransport = \"test\"\ntets.store = \"one\"",
        &[
            "site.toml:3:1: unknown key `tets` in `bus`; did you mean `test`? the keys there are `transport`, `topic_prefix`, `max_event_bytes`, \
             `sqlite`, `redis`, `memory`, `test`, `outbox`, `producer`, `consumer`, `retry`, `trim`, `dead_letters`; write one of them, or \
             remove it",
        ],
    );
    let required = "key `store` is missing in `bus.test`, where `transport = \"test\"` requires it; add it with the name of a store";
    assert_told(
        "[bus]\ntransport = \"test\"",
        &[&format!("site.toml:2:13: {required}")],
    );
    // A variable that is not set leaves the key empty, and the variable is given.
    assert_told(
        "[bus]\ntransport = \"test\"\ntest.store_env = \"NOT_SET\"",
        &[&format!("site.toml:3:18: {required}")],
    );
    assert_told(
        "[bus]\ntransport = \"test\"\n[bus.test]\nstor = \"one\"\npause = \"2s\"\nremote = \"yes\"\ntls.certificat = \"a\"",
        &[
            "site.toml:4:1: unknown key `stor` in `bus.test`; did you mean `store`? the keys there are `store_env`, `store`, \
             `remote`, `pause`, `tls`; write one of them, or remove it",
            "site.toml:5:9: `bus.test.pause` is `2s`, expected `0s` to `1s`; write a duration within these limits",
            "site.toml:6:10: `bus.test.remote` is the string `yes`, expected a boolean; write `true` or `false`, without quotes",
            "site.toml:7:5: unknown key `certificat` in `bus.test.tls`; did you mean `certificate`? the keys there are \
             `certificate`; write one of them, or remove it",
        ],
    );
    assert_told(
        "[bus]\ntransport = \"test\"\ntest = { store = \"a b\", tls = { certificate = \"a.pem\" } }",
        &[
            "site.toml:3:18: `bus.test.store` has a space, expected a name such as `one`; write one",
            "site.toml:3:47: `bus.test.tls.certificate` is for remote stores; set `bus.test.remote`, or remove the key",
        ],
    );
    // Settings of a transport that is not chosen are read, and not checked together.
    let other = "[bus]\ntransport = \"memory\"\ntest.store = \"a b\"";
    assert_eq!(
        read(&Config::from_toml(other, "site.toml")),
        Ok(BusConfig::memory())
    );
    let errors = BusConfig::from_url("tset:one").unwrap_err().to_string();
    assert!(
        errors.contains("begins with `tset:`, which names no transport; did you mean `test`?")
            && errors.contains("`test:STORE`, `test+remote:STORE`; correct it"),
        "{errors}"
    );
}

#[test]
fn code_is_checked_like_files() {
    test_driver::install();
    let mut settings = store("");
    settings.pause = Duration::from_secs(2);
    let errors = BusConfig::on(settings).check().unwrap_err();
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.kind(), error.key()))
        .collect();
    assert_eq!(
        told,
        [
            (Kind::MissingKey, "bus.test.store".to_owned()),
            (Kind::OutOfRange, "bus.test.pause".to_owned()),
        ]
    );
}

#[test]
fn a_remote_transport_wants_an_outbox() {
    test_driver::install();
    let near = BusConfig::on(store("a")).with_route(PLACED, "orders");
    assert_eq!(near.check(), Ok(()));
    let mut far = store("a");
    far.remote = true;
    let far = BusConfig::on(far).with_route(PLACED, "orders");
    let errors = far.check().unwrap_err();
    assert!(
        errors
            .to_string()
            .contains("transport `test` needs `bus.outbox.store`"),
        "{errors}"
    );
    assert_eq!(far.with_outbox(OutboxStore::Memory).check(), Ok(()));
}

#[test]
fn a_bus_runs_on_it() {
    test_driver::install();
    let config = BusConfig::from_url("test:bus").unwrap();
    let transport = events_bus::open(&config).unwrap().unwrap();
    let record = Record::new(EventMetadata::new(PLACED), [34, 0]);
    transport.publish("orders", &[record]).unwrap();
    let bus = Bus::start(config.with_route(PLACED, "orders")).unwrap();
    ORDER_PLACED.send_event(OrderPlaced { number: 17 });
    let entries = transport.read("orders", Position::Oldest, 10).unwrap();
    assert_eq!(entries.len(), 2);
    bus.shutdown(Duration::from_secs(5)).unwrap();
}

#[test]
#[cfg(not(any(feature = "sqlite", feature = "redis")))]
fn a_transport_that_is_not_built_in_names_its_feature() {
    for (config, told) in [
        (
            BusConfig::sqlite("events.db"),
            "sqlite: this program is built without it: enable the feature `sqlite` of events-bus",
        ),
        (
            BusConfig::redis("redis://host"),
            "redis: this program is built without it: enable the feature `redis` of events-bus",
        ),
    ] {
        // The configuration itself is right, and is checked in every build.
        assert_eq!(config.check(), Ok(()));
        let error = events_bus::open(&config).unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}

#[derive(Debug)]
struct Named(&'static str, &'static [&'static str]);

impl Driver for Named {
    fn name(&self) -> &'static str {
        self.0
    }

    fn urls(&self) -> &'static [&'static str] {
        self.1
    }

    fn settings(&self) -> Box<dyn Settings> {
        Box::new(SqliteConfig::new(""))
    }
}

#[test]
fn what_cannot_be_told_apart_is_not_registered() {
    test_driver::install();
    let refused = |driver: Named| {
        register(Box::leak(Box::new(driver)))
            .unwrap_err()
            .to_string()
    };
    for (driver, told) in [
        (
            Named("test", &[]),
            "cannot register the transport `test`: another driver has this name; register each driver once, or choose another name",
        ),
        (
            Named("sqlite", &[]),
            "cannot register the transport `sqlite`: another driver has this name; register each driver once, or choose another \
             name",
        ),
        (
            Named("none", &[]),
            "cannot register the transport `none`: the table `bus` has another key of this name; choose another name",
        ),
        (
            Named("My Kafka", &[]),
            "cannot register the transport `My Kafka`: the name must consist of lowercase ASCII letters, digits, `-` and `_`; \
             correct `Driver::name`",
        ),
        (
            Named("", &[]),
            "cannot register the transport ``: the name must consist of lowercase ASCII letters, digits, `-` and `_`; correct \
             `Driver::name`",
        ),
        (
            Named("kafka", &["kafka://HOST", "redis:HOST"]),
            "cannot register the transport `kafka`: the scheme `redis` belongs to the transport `redis`; choose another one",
        ),
        (
            Named("kafka", &["HOST"]),
            "cannot register the transport `kafka`: `HOST` begins with no scheme; write a form such as `kafka://HOST:PORT` in \
             `Driver::urls`",
        ),
    ] {
        assert_eq!(refused(driver), told);
    }
    let names: Vec<_> = drivers().iter().map(|driver| driver.name()).collect();
    assert_eq!(names, ["sqlite", "redis", "memory", "test"]);
}

#[test]
fn no_driver_hides_a_key_of_the_bus() {
    // The message lists the keys that there are.
    let errors = read(&Config::from_toml(
        "[bus]\ntransport = \"none\"\nx = 1",
        "a.toml",
    ));
    let text = errors.unwrap_err().to_string();
    let (_, keys) = text.split_once("the keys there are ").unwrap();
    let (keys, _) = keys.split_once(';').unwrap();
    let keys: Vec<_> = keys.split(", ").map(|key| key.trim_matches('`')).collect();
    assert!(keys.len() > 8, "{keys:?}");
    for key in keys {
        let driver = Box::leak(Box::new(Named(key.to_owned().leak(), &[])));
        let error = register(driver).unwrap_err().to_string();
        assert!(
            error.contains("another key of this name") || error.contains("another driver"),
            "{error}"
        );
    }
}
