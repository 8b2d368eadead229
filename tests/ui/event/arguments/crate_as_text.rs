//! The path of the crate in quotes.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", crate = "events_core")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
