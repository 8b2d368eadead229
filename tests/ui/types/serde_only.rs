//! A struct with serde's derives and without ours.

use events_core::event;

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Customer {
    pub id: i64,
}

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Customer,
}

fn main() {}
