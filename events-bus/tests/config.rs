//! The configuration of a bus: read, checked, and said what is wrong with it. The events of this file are those of its binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use events_bus::config::BusConfig;
use events_core::config::{Config, ConfigErrorKind as Kind, ConfigErrors};
use events_core::{Bytes, DateTime, EventData, Uuid, event};

#[path = "config/code.rs"]
mod code;
#[path = "config/files.rs"]
mod files;
#[path = "config/keys.rs"]
mod keys;
#[path = "config/problems.rs"]
mod problems;

/// What a route can be keyed by, and what not.
#[event(type = "org.example.shop.order.placed.v1", key = customer.name)]
struct OrderPlaced {
    number: i64,
    customer: Customer,
    gift: Option<Customer>,
    paid: bool,
    price: f64,
    items: Vec<Customer>,
    extras: BTreeMap<String, i64>,
    seal: Bytes,
    at: DateTime,
    id: Uuid,
    color: Color,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Customer {
    name: String,
    address: Address,
}

#[derive(Debug, Clone, PartialEq, EventData)]
struct Address {
    city: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, EventData)]
enum Color {
    Red,
    #[event_data(name = "sky-blue")]
    Blue,
}

#[event(type = "org.example.shop.order.cancelled.v1")]
struct OrderCancelled {
    number: i64,
}

const PLACED: &str = "org.example.shop.order.placed.v1";
const CANCELLED: &str = "org.example.shop.order.cancelled.v1";

fn toml(text: &str) -> Config {
    Config::from_toml(text, "site.toml")
}

fn json(text: &str) -> Config {
    Config::from_json(text, "site.json")
}

/// Reads it where no environment variable is set but one.
fn read(config: &Config) -> Result<BusConfig, ConfigErrors> {
    BusConfig::from_config_in(config, |name| {
        (name == "TEST_REDIS").then(|| "redis://user:secret@host".to_owned())
    })
}

/// The problems, and each as text.
#[track_caller]
fn told(config: &Config) -> Vec<(Kind, String)> {
    let errors = read(config).expect_err("the configuration is wrong");
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.kind(), error.to_string()))
        .collect();
    for (_, text) in &told {
        assert!(!text.contains("secret"), "{text}");
        assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
    }
    told
}

/// The only problem.
#[track_caller]
fn only(config: &Config) -> (Kind, String) {
    let told = told(config);
    assert_eq!(told.len(), 1, "{told:#?}");
    told.into_iter().next().unwrap()
}

#[track_caller]
fn assert_only(text: &str, kind: Kind, message: &str) {
    assert_eq!(only(&toml(text)), (kind, message.to_owned()));
}
