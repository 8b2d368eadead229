//! A private field in a public event.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    customer: String,
}

fn main() {}
