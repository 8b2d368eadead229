//! An event that is taken apart.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(OrderPlaced { number, .. }: &OrderPlaced) {
    println!("packing order {number}");
}

fn main() {}
