//! A constant that is not a signal.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

const LIMIT: i64 = 3;

#[receiver(LIMIT)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
