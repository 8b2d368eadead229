//! A field, of an event of any type.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(any)]
fn log(number: i64) {
    println!("order {number}");
}

fn main() {}
