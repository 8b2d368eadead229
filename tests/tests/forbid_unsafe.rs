//! A caller may forbid unsafe code, and generated code is the caller's code.

#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    clippy::allow_attributes,
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    clippy::needless_pass_by_value,
    clippy::unused_async,
    reason = "a test"
)]

use events_core::{AnyEvent, EventData, EventMetadata, event, receiver, registry, testing};

events_core::plugin!();

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    pub id: i64,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    Cash,
    Card,
}

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(string)]
pub struct Key(String);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Key {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

#[event(type = "org.example.forbid.unsafe.forbidden.v1", key = key)]
pub struct UnsafeForbidden {
    pub customer: Customer,
    pub payment: Payment,
    pub key: Key,
}

#[receiver(UNSAFE_FORBIDDEN, id = "forbid.one", alias = "forbid.uno", priority = -1)]
fn one(customer: &Customer, metadata: &EventMetadata) -> Result<(), String> {
    if customer.id == 0 {
        return Err(format!("no customer at {}", metadata.time()));
    }
    Ok(())
}

#[receiver(UNSAFE_FORBIDDEN, manual)]
fn two(payment: Payment) {
    let _ = payment;
}

#[receiver(any)]
fn three(event: AnyEvent<'_>) {
    let _ = event;
}

#[receiver(UNSAFE_FORBIDDEN)]
async fn four(key: &Key) {
    let _ = key;
}

#[receiver(UNSAFE_FORBIDDEN, durable)]
fn five() {}

#[test]
fn generated_code_is_safe_and_registered() {
    let scope = testing::scope();
    testing::assert_receiver_connected(&UNSAFE_FORBIDDEN, "forbid.uno");
    testing::assert_receiver_connected(&UNSAFE_FORBIDDEN, "three");
    testing::assert_receiver_connected(&UNSAFE_FORBIDDEN, "four");
    testing::assert_receiver_not_connected(&UNSAFE_FORBIDDEN, "two");
    assert!(
        registry::plugins()
            .iter()
            .any(|plugin| plugin.name == "forbid_unsafe")
    );
    drop(scope);
}
