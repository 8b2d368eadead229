//! A parameter that is taken apart.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack((number, customer): (i64, String)) {
    println!("packing order {number} for {customer}");
}

fn main() {}
