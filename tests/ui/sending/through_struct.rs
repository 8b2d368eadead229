//! The event's struct instead of its signal.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    OrderPlaced::send_event(OrderPlaced {
        number: 17,
        customer: "ada".to_owned(),
    });
}
