//! An expected plugin that is no dependency.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    events_core::plugins!(warehouse);
}
