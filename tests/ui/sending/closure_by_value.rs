//! A connected closure that takes the event by value.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    ORDER_PLACED
        .connect(|event: OrderPlaced, _| println!("order {}", event.number))
        .keep();
}
