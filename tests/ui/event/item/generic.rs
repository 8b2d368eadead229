//! A generic struct.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced<T> {
    pub number: T,
}

fn main() {}
