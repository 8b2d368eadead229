//! A number that differs between machines.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: usize,
}

fn main() {}
