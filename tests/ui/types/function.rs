//! A function.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: fn(i64) -> i64,
}

fn main() {}
