//! An event without one of its fields.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    ORDER_PLACED.send_event(OrderPlaced { number: 17 });
}
