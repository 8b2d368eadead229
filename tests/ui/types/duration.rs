//! The duration of the standard library.

use events_core::event;

use std::time::Duration;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Duration,
}

fn main() {}
