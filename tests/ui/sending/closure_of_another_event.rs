//! A connected closure of another event.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[event(type = "org.example.shop.order.paid.v1")]
pub struct OrderPaid {
    pub number: i64,
    pub amount: f64,
}

fn main() {
    ORDER_PLACED
        .connect(|event: &OrderPaid, _| println!("order {}", event.number))
        .keep();
}
