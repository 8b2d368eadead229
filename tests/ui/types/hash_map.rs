//! A map without an order.

use events_core::event;

use std::collections::HashMap;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: HashMap<String, i64>,
}

fn main() {}
