//! A receiver that wants to borrow for ever.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(customer: &'static str) {
    println!("packing for {customer}");
}

fn main() {}
