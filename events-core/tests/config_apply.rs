//! Configurations, applied within testing scopes. This test is itself the plugin `config_apply`.

#![cfg(all(feature = "config", feature = "testing"))]

use std::cell::RefCell;

use events_core::config::{AppliedReceiver, Config, ConfigError, ConfigErrorKind as Kind};
use events_core::{EventMetadata, Responses, event, receiver, testing};

events_core::plugin!();

#[event(type = "org.openedx.learning.auth.session.login.completed.v1")]
struct SessionLoginCompleted {
    user: String,
}

#[event(type = "org.example.shop.order.placed.v1")]
struct OrderPlaced {
    number: i64,
}

thread_local! {
    static RAN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn ran(name: &'static str) {
    RAN.with_borrow_mut(|ran| ran.push(name));
}

#[receiver(SESSION_LOGIN_COMPLETED)]
fn linked() {
    ran("linked");
}

#[receiver(SESSION_LOGIN_COMPLETED, manual, priority = 5)]
fn late() {
    ran("late");
}

#[receiver(SESSION_LOGIN_COMPLETED, manual, priority = -5)]
fn early() {
    ran("early");
}

#[receiver(SESSION_LOGIN_COMPLETED, ORDER_PLACED, manual, id = "a.first")]
fn zeta() {
    ran("zeta");
}

#[receiver(SESSION_LOGIN_COMPLETED, manual)]
fn never() {
    ran("never");
}

#[receiver(any, manual)]
fn audit(metadata: &EventMetadata) {
    assert!(!metadata.source().is_empty());
    ran("audit");
}

fn send() -> Vec<&'static str> {
    let responses: Responses = SESSION_LOGIN_COMPLETED.send_event(SessionLoginCompleted {
        user: "ada".to_owned(),
    });
    assert!(responses.is_ok());
    RAN.take()
}

const PLUGIN: &str = r#"
[plugins.config-apply.signals_config."lms.djangoapp"]
receivers = [
  { receiver_func_name = "late", signal_path = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED", dispatch_uid = "x.late" },
  { receiver_func_name = "zeta", signal_path = "config_apply::SESSION_LOGIN_COMPLETED" },
  { receiver_func_name = "early", signal_path = "org.openedx.learning.auth.session.login.completed.v1" },
]
[plugins.config-apply.signals_config.cms]
receivers = [{ receiver_func_name = "never", signal_path = "SESSION_LOGIN_COMPLETED" }]
"#;

fn plugin() -> Config {
    Config::from_toml(PLUGIN, "plugin.toml")
}

#[test]
fn the_receivers_of_the_service_run_in_their_order() {
    let scope = testing::scope();
    assert_eq!(send(), ["linked"]);
    let applied = Config::layers([plugin(), Config::for_service("lms")])
        .apply()
        .unwrap();
    assert_eq!(send(), ["early", "zeta", "linked", "late"]);

    assert_eq!(applied.service(), Some("lms"));
    let receivers: Vec<_> = applied
        .receivers()
        .iter()
        .map(|applied| {
            assert!(!applied.was_connected());
            let signal = applied.signal().info().name;
            (
                &*applied.receiver().id,
                signal,
                applied.dispatch_uid(),
                applied.origin().to_string(),
            )
        })
        .collect();
    let signal = "SESSION_LOGIN_COMPLETED";
    assert_eq!(
        receivers,
        [
            (
                "config_apply::early",
                signal,
                None,
                "plugin.toml:6:3".to_owned()
            ),
            ("a.first", signal, None, "plugin.toml:5:3".to_owned()),
            (
                "config_apply::late",
                signal,
                Some("x.late"),
                "plugin.toml:4:3".to_owned()
            ),
        ]
    );
    let text = applied.to_string();
    assert!(
        text.starts_with("lms: 3 receivers connected\n- org.openedx.learning."),
        "{text}"
    );
    // Only the signal that was configured.
    let responses = ORDER_PLACED.send_event(OrderPlaced { number: 1 });
    assert_eq!(responses.len(), 0);
    drop(scope);
    // What was connected belonged to the scope.
    let _next = testing::scope();
    assert_eq!(send(), ["linked"]);
}

#[test]
fn applying_again_connects_nothing_twice() {
    let _scope = testing::scope();
    let config = Config::layers([plugin(), Config::for_service("lms")]);
    config.apply().unwrap();
    let again = config.apply().unwrap();
    assert!(again.receivers().iter().all(AppliedReceiver::was_connected));
    assert_eq!(send(), ["early", "zeta", "linked", "late"]);
}

#[test]
fn nothing_is_connected_if_anything_is_wrong() {
    let _scope = testing::scope();
    // Even where it is for another service.
    let wrong = r#"
        [plugins.config_apply.signals_config.cms]
        receivers = [{ receiver_func_name = "nevr", signal_path = "SESSION_LOGIN_COMPLETED" }]"#;
    let config = Config::layers([
        plugin(),
        Config::for_service("lms"),
        Config::from_toml(wrong, "wrong.toml"),
    ]);
    let errors = config.apply().unwrap_err();
    let kinds: Vec<_> = errors.iter().map(ConfigError::kind).collect();
    assert_eq!(kinds, [Kind::UnknownReceiver]);
    assert_eq!(send(), ["linked"]);
    // Nor was the service named.
    Config::for_service("cms").apply().unwrap();
}

#[test]
fn the_service_names_the_source_of_the_scope() {
    let scope = testing::scope();
    let login = scope.capture(&SESSION_LOGIN_COMPLETED);
    Config::layers([plugin(), Config::for_service("cms")])
        .apply()
        .unwrap();
    assert_eq!(send(), ["linked", "never"]);
    assert_eq!(
        login.assert_sent_once().metadata.source(),
        "openedx/cms/web"
    );

    let errors = Config::for_service("lms").apply().unwrap_err();
    let error = errors.into_iter().next().unwrap();
    assert_eq!(error.kind(), Kind::ServiceName);
    assert!(error.origin().source().ends_with("config_apply.rs"));
    assert!(error.message().contains("openedx/cms/web"), "{error}");
}

#[test]
fn layers_add_up_and_override() {
    let _scope = testing::scope();
    let defaults = Config::from_json(
        r#"{"service": "cms", "services": ["billing"]}"#,
        "defaults.json",
    );
    let site = Config::from_toml(
        r#"
        service = "billing"
        [plugins.config_apply.signals_config.billing]
        receivers = [{ receiver_func_name = "audit", signal_path = "org.example.shop.order.placed.v1" }]
        "#,
        "site.toml",
    );
    let more = Config::from_json(
        r#"{"plugins": {"config-apply": {"signals_config": {"billing.djangoapp": {"receivers": [
            {"receiver_func_name": "zeta", "signal_path": "ORDER_PLACED", "dispatch_uid": "z"}
        ]}}}}}"#,
        "more.json",
    );
    let config = Config::layers([defaults, plugin(), Config::layers([site, more])]);
    let applied = config.apply().unwrap();
    assert_eq!(applied.service(), Some("billing"));
    let origins: Vec<_> = applied
        .receivers()
        .iter()
        .map(|receiver| receiver.origin().to_string())
        .collect();
    assert_eq!(origins, ["more.json:2:13", "site.toml:4:22"]);
    ORDER_PLACED.send_event(OrderPlaced { number: 1 });
    assert_eq!(RAN.take(), ["zeta", "audit"]);
}

#[test]
fn two_layers_with_one_entry_are_told_apart() {
    let entry = |uid: &str, function: &str| {
        format!(
            "[plugins.config_apply.signals_config.lms]\nreceivers = [\n{{ receiver_func_name = \"{function}\", \
             signal_path = \"ORDER_PLACED\", dispatch_uid = \"{uid}\" }}]"
        )
    };
    let config = |uid, function| {
        Config::layers([
            Config::for_service("lms"),
            Config::from_toml(&entry("a", "zeta"), "one.toml"),
            Config::from_toml(&entry(uid, function), "two.toml"),
        ])
    };
    let told = |config: Config| {
        let errors: Vec<_> = config.check().unwrap_err().into_iter().collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        (errors[0].kind(), errors[0].to_string())
    };
    let (kind, text) = told(config("b", "zeta"));
    assert_eq!(kind, Kind::DuplicateReceiver);
    assert!(
        text.starts_with("two.toml:3:1: ") && text.contains("first at one.toml:3:1;"),
        "{text}"
    );
    let (kind, text) = told(config("a", "audit"));
    assert_eq!(kind, Kind::DuplicateDispatchUid);
    assert!(
        text.starts_with("two.toml:3:") && text.contains(" at one.toml:3:"),
        "{text}"
    );
    assert_eq!(config("b", "audit").check(), Ok(()));
}
