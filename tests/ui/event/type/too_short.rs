//! An event type with too few parts.

use events_core::event;

#[event(type = "shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
