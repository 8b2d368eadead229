//! A signal in lower case.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", signal = order_placed)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
