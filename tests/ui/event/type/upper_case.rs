//! An event type that is not lower case.

use events_core::event;

#[event(type = "org.example.Shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
