//! A pointer.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: *const i64,
}

fn main() {}
