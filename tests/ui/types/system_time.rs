//! The time of the standard library.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: std::time::SystemTime,
}

fn main() {}
