//! A minor version in quotes.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", minor_version = "1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
