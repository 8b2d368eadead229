//! A path at which there is no `events_core`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED, crate = renamed::core)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
