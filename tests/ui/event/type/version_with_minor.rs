//! An event type that carries the minor version.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1-2")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
