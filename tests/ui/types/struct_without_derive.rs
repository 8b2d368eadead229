//! A struct without `#[derive(EventData)]`.

use events_core::event;

#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    pub id: i64,
}

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Customer,
}

fn main() {}
