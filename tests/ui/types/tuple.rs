//! A tuple.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: (i64, String),
}

fn main() {}
