//! An event type with a space.

use events_core::event;

#[event(type = "org.example.shop.order placed.done.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
