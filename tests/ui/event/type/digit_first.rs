//! A part that begins with a digit.

use events_core::event;

#[event(type = "org.example.2shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
