//! Fields of names that receivers reserve.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub event: String,
    pub metadata: String,
    pub signal: String,
    pub from_event_bus: bool,
}

fn main() {}
