//! An event type of version 0.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v0")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
