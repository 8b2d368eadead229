//! Two attributes on one struct.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
#[event(type = "org.example.shop.order.placed.v2")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
