//! `from_event_bus`, as a text.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(from_event_bus: &str) {
    println!("from the bus {from_event_bus}");
}

fn main() {}
