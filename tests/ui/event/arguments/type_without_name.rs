//! The event type without `type =`.

use events_core::event;

#[event("org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
