//! Three parameters of three wrong types: all are reported.

use events_core::{event, receiver};

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

#[receiver(ORDER_PLACED)]
fn pack(number: String, customer: i64, event: &OrderPaid) {
    println!("packing order {number} for {customer}: {event:?}");
}

fn main() {}
