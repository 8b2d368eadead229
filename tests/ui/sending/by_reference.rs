//! An event by reference.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let event = OrderPlaced {
        number: 17,
        customer: "ada".to_owned(),
    };
    ORDER_PLACED.send_event(&event);
}
