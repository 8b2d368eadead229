//! A signal in quotes.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", signal = "ORDER_PLACED")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
