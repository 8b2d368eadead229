//! A signal named by its event type, in quotes.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver("org.example.shop.order.placed.v1")]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
