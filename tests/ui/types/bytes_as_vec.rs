//! Binary data as a list of numbers.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Vec<u8>,
}

fn main() {}
