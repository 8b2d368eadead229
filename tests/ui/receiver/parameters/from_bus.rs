//! The name that Python gives `from_event_bus`, nearly.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(from_bus: bool) {
    println!("from a bus: {from_bus}");
}

fn main() {}
