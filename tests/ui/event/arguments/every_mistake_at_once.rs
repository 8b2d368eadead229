//! Several mistakes in one event: all are reported.

use events_core::event;

#[event(type = "org.example.shop.order.placed", signal = placed, key = nummer, minor = 1)]
pub struct OrderPlaced {
    pub number: u32,
    pub metadata: String,
    customer: String,
}

fn main() {}
