//! A key that is a `bool`.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    pub id: i64,
    pub score: f64,
    pub active: bool,
    pub address: Option<Address>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Address {
    pub street: String,
}

#[event(type = "org.example.shop.order.placed.v1", key = customer.active)]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: Customer,
}

fn main() {}
