//! A number that the wire does not know, inside an `Option`.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Option<u64>,
}

fn main() {}
