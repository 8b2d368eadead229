//! A minor version that does not fit.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", minor_version = 5_000_000_000)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
