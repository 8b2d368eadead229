//! An event type without a version.

use events_core::event;

#[event(type = "org.example.shop.order.placed")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
