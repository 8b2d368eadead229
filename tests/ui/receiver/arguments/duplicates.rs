//! Every option twice.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED, manual, manual, durable, durable, id = "a", id = "b", priority = 1, priority = 2, crate = events_core, crate = events_core)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
