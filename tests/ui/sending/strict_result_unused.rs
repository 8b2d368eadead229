//! The error of a strict send, passed over.

#![deny(unused_must_use)]

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    ORDER_PLACED.send_event_strict(OrderPlaced {
        number: 17,
        customer: "ada".to_owned(),
    });
}
