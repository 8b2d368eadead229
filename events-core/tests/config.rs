//! Configurations, read, checked and explained. This test is itself the plugin `config`.

#![cfg(all(feature = "config", feature = "testing"))]
#![expect(clippy::unwrap_used, reason = "tests")]

use events_core::config::{Config, ConfigErrorKind as Kind, ConfigErrors};
use events_core::{event, receiver};

#[path = "config/forms.rs"]
mod forms;
#[path = "config/kit.rs"]
mod kit;

events_core::plugin!();

#[event(type = "org.openedx.learning.auth.session.login.completed.v1")]
struct SessionLoginCompleted {
    user: String,
}

#[event(type = "org.openedx.learning.student.registration.completed.v1")]
struct StudentRegistrationCompleted {
    user: String,
}

mod other_catalog {
    use super::event;

    #[event(type = "org.example.other.session.login.completed.v1")]
    struct SessionLoginCompleted {
        user: String,
    }
}

mod receivers {
    use super::{SESSION_LOGIN_COMPLETED, STUDENT_REGISTRATION_COMPLETED, receiver};

    #[receiver(
        SESSION_LOGIN_COMPLETED,
        manual,
        id = "config.warn",
        alias = "config.old"
    )]
    fn warn_of_login() {}

    #[receiver(SESSION_LOGIN_COMPLETED, STUDENT_REGISTRATION_COMPLETED, manual)]
    fn count() {}

    #[receiver(STUDENT_REGISTRATION_COMPLETED)]
    fn always() {}

    #[receiver(any, manual)]
    fn audit() {}

    pub(crate) mod more {
        use super::{SESSION_LOGIN_COMPLETED, receiver};

        #[receiver(SESSION_LOGIN_COMPLETED, manual)]
        fn ping() {}
    }
}

mod tasks {
    use super::{SESSION_LOGIN_COMPLETED, receiver};

    #[receiver(SESSION_LOGIN_COMPLETED, manual)]
    fn ping() {}
}

const LOGIN: &str = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED";

fn toml(text: &str) -> Config {
    Config::from_toml(text, "site.toml")
}

fn problems(config: &Config) -> ConfigErrors {
    config.check().expect_err("the configuration is wrong")
}

/// The kinds and lines of all problems.
fn told(config: &Config) -> Vec<(Kind, u32)> {
    let errors = problems(config);
    let told = errors.iter().map(|error| {
        let message = error.message();
        assert!(
            !message.contains('\n') && !message.ends_with('.'),
            "{message}"
        );
        assert!(!message.starts_with(char::is_uppercase), "{message}");
        (error.kind(), error.origin().line().unwrap_or_default())
    });
    told.collect()
}

/// The only problem, as text.
fn only(config: &Config) -> (Kind, String) {
    let errors = problems(config);
    assert_eq!(errors.iter().count(), 1, "{errors}");
    let error = errors.into_iter().next().unwrap();
    (error.kind(), error.to_string())
}

/// A configuration of this plugin for the service `lms`, with the entries from line 3.
fn entries(entries: &str) -> Config {
    toml(&format!(
        "service = \"lms\"\n[plugins.config.signals_config.lms]\nreceivers = [{entries}]"
    ))
}

fn entry(function: &str, signal: &str) -> String {
    format!("{{ receiver_func_name = \"{function}\", signal_path = \"{signal}\" }}")
}

#[track_caller]
fn assert_told(config: &Config, kind: Kind, parts: &[&str]) {
    let (found, text) = only(config);
    assert_eq!(found, kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn many_mistakes_in_toml_are_reported_at_once() {
    let text = r#"
service = "lms"
servces = ["billing"]
[plugins.config.signals_config."lms.djangoap"]
receivers = []
[plugins.confg.signals_config.lms]
receivers = []
[plugins.config.signals_config."lms.djangoapp"]
relative_path = "recievers"
receivers = [
  { receiver_func_name = "warn_of_logn", signal_path = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED" },
  { receiver_func_name = "always", signal_path = "openedx_events.learning.signals.STUDENT_REGISTRATION_COMPLETED" },
  { receiver_func_name = "warn_of_login", signal_path = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETE" },
  { receiver_func_name = "warn_of_login", signal_path = "STUDENT_REGISTRATION_COMPLETED" },
  { receiver_func_name = "count", signal_path = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED", sender_path = "x.Y" },
  { receiver_func_name = "count", signal_path = "config::SESSION_LOGIN_COMPLETED", dispatch_uid = "a" },
  { receiver_func_name = "audit", signal_path = "config::SESSION_LOGIN_COMPLETED", dispatch_uid = "b" },
  { receiver_func_name = "config.old", signal_path = "config::SESSION_LOGIN_COMPLETED", dispatch_uid = "b" },
  { receiver_func_name = "ping", signal_path = "SESSION_LOGIN_COMPLETED" },
  { receiver_func_name = "count" },
  { receiver_func_name = 7, signal_path = "" },
]
"#;
    let expected = [
        (Kind::UnknownKey, 3),
        (Kind::UnknownService, 4),
        (Kind::MissingPlugin, 6),
        (Kind::UnknownModule, 9),
        (Kind::UnknownReceiver, 11),
        (Kind::NotManual, 12),
        (Kind::UnknownSignal, 13),
        (Kind::SignalNotReceived, 14),
        (Kind::Unsupported, 15),
        (Kind::DuplicateReceiver, 16),
        (Kind::DuplicateDispatchUid, 18),
        (Kind::AmbiguousReceiver, 19),
        (Kind::AmbiguousSignal, 19),
        (Kind::MissingKey, 20),
        (Kind::WrongType, 21),
        (Kind::InvalidValue, 21),
    ];
    let config = toml(text);
    assert_eq!(told(&config), expected, "{}", problems(&config));
    let text = problems(&config).to_string();
    assert_eq!(text.lines().count(), 1 + expected.len());
    assert!(
        text.starts_with(
            "the configuration has 16 problems\n- site.toml:3:1: unknown key `servces`"
        )
    );
    assert!(
        text.contains("\n- site.toml:11:26: plugin `config` has no receiver `warn_of_logn`"),
        "{text}"
    );
    // Applying says the same and does nothing.
    assert_eq!(config.apply().unwrap_err(), problems(&config));
}

#[test]
fn many_mistakes_in_json_are_reported_at_once() {
    let text = r#"{
  "service": "lms",
  "servces": ["billing"],
  "plugins": {
    "confg": {"signals_config": {"lms": {"receivers": []}}},
    "config": {
      "signals_config": {
        "lms.djangoap": {"receivers": []},
        "lms.djangoapp": {
          "relative_path": "recievers",
          "relative_path": null,
          "receivers": [
            {"receiver_func_name": "warn_of_logn", "signal_path": "SESSION_LOGIN_COMPLETED_"},
            {"receiver_func_name": "always", "signal_path": "STUDENT_REGISTRATION_COMPLETED"},
            {"receiver_func_name": "warn_of_login", "signal_path": "STUDENT_REGISTRATION_COMPLETED"},
            {"receiver_func_name": "count", "signal_path": "STUDENT_REGISTRATION_COMPLETED",
             "sender_path": null},
            {"receiver_func_name": "ping", "signal_path": "SESSION_LOGIN_COMPLETED"},
            {"signal_path": true},
            "warn_of_login"
          ]
        }
      }
    }
  }
}"#;
    let expected = [
        (Kind::UnknownKey, 3),
        (Kind::MissingPlugin, 5),
        (Kind::UnknownService, 8),
        (Kind::UnknownModule, 10),
        (Kind::DuplicateKey, 11),
        (Kind::UnknownReceiver, 13),
        (Kind::UnknownSignal, 13),
        (Kind::NotManual, 14),
        (Kind::SignalNotReceived, 15),
        (Kind::Unsupported, 17),
        (Kind::AmbiguousReceiver, 18),
        (Kind::AmbiguousSignal, 18),
        (Kind::MissingKey, 19),
        (Kind::WrongType, 19),
        (Kind::WrongType, 20),
    ];
    let config = Config::from_json(text, "site.json");
    assert_eq!(told(&config), expected, "{}", problems(&config));
    let text = problems(&config).to_string();
    assert!(text.contains("- site.json:20:13: an item of `receivers` is the string `warn_of_login`, expected an object"), "{text}");
}

#[test]
fn messages_name_the_remedy() {
    let login = |function| entries(&entry(function, LOGIN));
    assert_told(
        &login("warn_of_logn"),
        Kind::UnknownReceiver,
        &[
            "site.toml:3:37: ",
            "did you mean `warn_of_login`?",
            "`audit`, `count`, ",
            "#[receiver(…, manual)]",
        ],
    );
    assert_told(
        &entries(&entry("always", "STUDENT_REGISTRATION_COMPLETED")),
        Kind::NotManual,
        &["always connected", "remove this entry", "tests/config.rs:"],
    );
    assert_told(
        &login("ping"),
        Kind::AmbiguousReceiver,
        &[
            "`config::receivers::more::ping`",
            "`config::tasks::ping`",
            "relative_path",
        ],
    );
    assert_told(
        &entries(&entry("audit", "SESSION_LOGIN_COMPLETED")),
        Kind::AmbiguousSignal,
        &[
            "`config::SESSION_LOGIN_COMPLETED`",
            "`config::other_catalog::SESSION_LOGIN_COMPLETED`",
        ],
    );
    assert_told(
        &entries(&entry("warn_of_login", "STUDENT_REGISTRATION_COMPLETED")),
        Kind::SignalNotReceived,
        &["but `config::SESSION_LOGIN_COMPLETED`; write one of these"],
    );
    assert_told(
        &toml("service = \"lms\"\n[plugins.confg.signals_config.lms]\nreceivers = []"),
        Kind::MissingPlugin,
        &[
            "site.toml:2:10: ",
            "did you mean plugin `config`?",
            "events_core::plugins!(confg)",
        ],
    );
    assert_told(
        &toml(
            "service = \"lms\"\n[plugins.config.signals_config.\"lmss.djangoapp\"]\nreceivers = []",
        ),
        Kind::UnknownService,
        &[
            "did you mean `lms.djangoapp`?",
            "`lms`, `cms`",
            "`services`",
        ],
    );
    assert_told(
        &toml("service = \"lms\"\n[plugins.config.signals_config.lms]\nrecievers = []"),
        Kind::UnknownKey,
        &[
            "did you mean `receivers`?",
            "plugins.config.signals_config.lms",
        ],
    );
}

#[test]
fn unknown_signals_are_suggested_in_the_form_that_was_given() {
    for (given, suggested) in [
        (
            "openedx_events.learning.signals.SESION_LOGIN_COMPLETED",
            LOGIN,
        ),
        (
            "openedx_events.content.signals.SESSION_LOGIN_COMPLETED",
            LOGIN,
        ),
        (
            "STUDENT_REGISTRATION_COMPLETE",
            "STUDENT_REGISTRATION_COMPLETED",
        ),
        (
            "config::STUDENT_REGISTRATIONS_COMPLETED",
            "config::STUDENT_REGISTRATION_COMPLETED",
        ),
        (
            "org.openedx.learning.student.registration.completed.v2",
            "org.openedx.learning.student.registration.completed.v1",
        ),
    ] {
        let suggested = format!("did you mean `{suggested}`?");
        assert_told(
            &entries(&entry("audit", given)),
            Kind::UnknownSignal,
            &[&suggested],
        );
    }
}

#[test]
fn a_relative_path_decides_between_functions_of_one_name() {
    let config = |path: &str, function: &str| {
        let entry = entry(function, LOGIN);
        toml(&format!(
            "service = \"lms\"\n[plugins.config.signals_config.lms]\nrelative_path = \"{path}\"\nreceivers = [{entry}]"
        ))
    };
    for path in ["tasks", "receivers", "receivers.more", "receivers::more"] {
        assert_eq!(config(path, "ping").check(), Ok(()), "{path}");
    }
    assert_told(
        &config("tasks", "count"),
        Kind::UnknownReceiver,
        &["`config::receivers::count`"],
    );
    assert_told(
        &config("task", "count"),
        Kind::UnknownModule,
        &["did you mean `tasks`?"],
    );
    // An id says it all.
    assert_eq!(config("tasks", "config::receivers::count").check(), Ok(()));
}
