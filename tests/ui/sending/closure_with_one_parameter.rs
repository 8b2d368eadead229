//! A connected closure without the metadata.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    ORDER_PLACED
        .connect(|event| println!("order {}", event.number))
        .keep();
}
