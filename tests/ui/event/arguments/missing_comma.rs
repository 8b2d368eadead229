//! No comma between arguments.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1" key = number)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
