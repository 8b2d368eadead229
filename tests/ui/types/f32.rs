//! A float that the wire does not know.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: f32,
}

fn main() {}
