//! An option that takes no value, with one.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED, durable = true)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
