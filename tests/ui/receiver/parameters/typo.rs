//! A misspelt field.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(custmer: &str) {
    println!("packing for {custmer}");
}

fn main() {}
