//! A union.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub union OrderPlaced {
    pub number: i64,
}

fn main() {}
