//! The fields instead of the event, as Python sends them.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    ORDER_PLACED.send_event(17, "ada".to_owned());
}
