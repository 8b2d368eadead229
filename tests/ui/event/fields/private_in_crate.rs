//! A private field in an event of the crate.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub(crate) struct OrderPlaced {
    number: i64,
}

fn main() {}
