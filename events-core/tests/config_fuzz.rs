//! Any text is a configuration or a list of problems, never a panic.

#![cfg(feature = "config")]

use core::time::Duration;

use events_core::config::kit::Table;
use events_core::config::{Config, ConfigErrors};
use events_core::{event, receiver};
use proptest::prelude::*;

events_core::plugin!();

#[event(type = "org.openedx.learning.auth.session.login.completed.v1")]
struct SessionLoginCompleted {
    user: String,
}

#[receiver(SESSION_LOGIN_COMPLETED, manual)]
fn warn_of_login() {}

const TOML: &str = r#"service = "lms"
services = ["billing"]
[plugins.config_fuzz.signals_config."lms.djangoapp"]
receivers = [
  { receiver_func_name = "warn_of_login", signal_path = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED", dispatch_uid = "ä" },
]
[bus]
number = 7
time = "5s"
flag = true
[[bus.items]]
names = ["a", "ä"]
"#;

const JSON: &str = r#"{"service": "lms", "services": ["billing"], "plugins": {"config_fuzz": {"signals_config": {
  "lms.djangoapp": {"relative_path": "receivers", "receivers": [{"receiver_func_name": "warn_of_login",
  "signal_path": "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED", "dispatch_uid": "\u00e4 ä"}]}}}},
  "bus": {"number": 7, "time": "5s", "flag": true, "items": [{"names": ["a", "ä"]}]}}"#;

/// Whatever it says, it says it in lines of the promised form.
fn survive(config: &Config) {
    config.values();
    lines(config.check());
    let section = config.section("bus");
    section.read(read);
    lines(section.finish());
}

fn read(table: &mut Table<'_>) {
    table.integer("number", 0..=9);
    table.duration("time", Duration::ZERO..=Duration::from_secs(9));
    table.boolean("flag");
    table.tables("items", "of items", |item| {
        item.texts("names", "of names", "a");
    });
}

fn lines(result: Result<(), ConfigErrors>) {
    if let Err(errors) = result {
        let count = errors.iter().count();
        assert!(count > 0);
        assert_eq!(errors.to_string().lines().count(), count + 1, "{errors:?}");
        for error in &errors {
            assert!(
                error.origin().line() >= Some(1) && error.origin().column() >= Some(1),
                "{error}"
            );
        }
    }
}

fn both(text: &str) {
    let toml = Config::from_toml(text, "any.toml");
    let json = Config::from_json(text, "any.json");
    survive(&toml);
    survive(&json);
    survive(&Config::layers([toml, json, Config::for_service("lms")]));
}

/// A valid text with a part of it replaced by something else.
fn damaged(text: &'static str) -> impl Strategy<Value = String> {
    let bits = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}\",:=.#/\\\\\n\r\t 0-9a-z_-]{0,6}",
        "\\PC{0,4}",
        Just("\u{feff}".to_owned()),
        Just("receivers".to_owned()),
        Just("\\ud800".to_owned()),
    ];
    let chars = text.chars().count();
    (0..=chars, 0..12_usize, bits).prop_map(move |(at, length, bit)| {
        let before: String = text.chars().take(at).collect();
        let after: String = text.chars().skip(at + length).collect();
        before + &bit + &after
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text(text in any::<String>()) {
        both(&text);
    }

    #[test]
    fn texts_that_look_like_it(text in "([\\[\\]{}\",:=.#\n ]|true|1|null|service|plugins|\"a\"|\\PC){0,40}") {
        both(&text);
    }

    #[test]
    fn damaged_toml(text in damaged(TOML)) {
        both(&text);
    }

    #[test]
    fn damaged_json(text in damaged(JSON)) {
        both(&text);
    }
}
