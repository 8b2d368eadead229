//! A parameter that is there only sometimes.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(number: i64, #[cfg(unix)] customer: &str) {
    println!("packing order {number}");
    #[cfg(unix)]
    println!("for {customer}");
}

fn main() {}
