//! An argument that is nearly one.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", unversionned)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
