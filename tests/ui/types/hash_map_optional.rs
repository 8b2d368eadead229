//! A map without an order, inside an `Option`.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Option<std::collections::HashMap<String, i64>>,
}

fn main() {}
