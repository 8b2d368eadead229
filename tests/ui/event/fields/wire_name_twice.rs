//! Two fields of one name on the wire.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    #[event_data(name = "number")]
    pub customer: String,
}

fn main() {}
