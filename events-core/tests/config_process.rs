//! A configuration applied to the process. One test applies, as a process has one name. It is itself the plugin
//! `config_process`.

#![cfg(feature = "config")]

use std::sync::atomic::{AtomicUsize, Ordering};

use events_core::config::{Config, ConfigErrorKind};
use events_core::{EventMetadata, event, receiver};

events_core::plugin!();

#[event(type = "org.example.shop.order.placed.v1")]
struct OrderPlaced {
    number: i64,
}

static RAN: AtomicUsize = AtomicUsize::new(0);

#[receiver(ORDER_PLACED, manual)]
fn pack(metadata: &EventMetadata) {
    assert_eq!(metadata.source(), "openedx/lms/web");
    RAN.fetch_add(1, Ordering::Relaxed);
}

#[event(type = "org.example.shop.order.cancelled.v1")]
struct OrderCancelled {
    number: i64,
}

#[receiver(ORDER_CANCELLED, manual, id = "shop.unpack")]
fn unpack() {}

#[receiver(ORDER_CANCELLED, manual, alias = "shop.unpack")]
fn refund() {}

const TEXT: &str = r#"
service = "lms"
[plugins.config_process.signals_config.lms]
receivers = [{ receiver_func_name = "pack", signal_path = "ORDER_PLACED" }]
"#;

#[test]
fn a_process_is_named_and_its_receivers_stay_connected() {
    let config = Config::from_toml(TEXT, "site.toml");
    // Many at once, as several parts of a program may do it.
    let fresh: usize = std::thread::scope(|scope| {
        let apply = || {
            let applied = config.apply().unwrap();
            let fresh = applied
                .receivers()
                .iter()
                .filter(|one| !one.was_connected());
            fresh.count()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(apply)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(fresh, 1);
    drop(config);
    let responses = ORDER_PLACED.send_event(OrderPlaced { number: 1 });
    assert!(responses.is_ok());
    assert_eq!(RAN.load(Ordering::Relaxed), 1);

    let errors = Config::from_toml(&TEXT.replace("lms", "cms"), "other.toml")
        .apply()
        .unwrap_err();
    let error = errors.into_iter().next().unwrap();
    assert_eq!(error.kind(), ConfigErrorKind::ServiceName);
    assert_eq!(error.origin().to_string(), "other.toml:2:11");
    ORDER_PLACED.send_event(OrderPlaced { number: 2 });
    assert_eq!(RAN.load(Ordering::Relaxed), 2);
}

#[test]
fn an_id_that_means_two_receivers_is_refused() {
    let entry = "{ receiver_func_name = \"unpack\", signal_path = \"ORDER_CANCELLED\" }";
    let config = Config::layers([
        Config::for_service("lms"),
        Config::from_toml(
            &format!("plugins.config_process.signals_config.lms.receivers = [{entry}]"),
            "site.toml",
        ),
    ]);
    let error = config.check().unwrap_err().into_iter().next().unwrap();
    assert_eq!(error.kind(), ConfigErrorKind::AmbiguousReceiver);
    assert!(
        error.message().contains("`config_process::refund`"),
        "{error}"
    );
}
