//! The event lost a field that a connected closure reads.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    // `customer: String` was here.
}

pub fn watch() {
    ORDER_PLACED
        .connect(|event, _| println!("order for {}", event.customer))
        .keep();
}

fn main() {}
