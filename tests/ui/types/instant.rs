//! A point in time that means nothing elsewhere.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: std::time::Instant,
}

fn main() {}
