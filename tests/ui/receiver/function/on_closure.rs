//! On a closure in a static.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
static PACK: fn(i64) = |number| println!("packing order {number}");

fn main() {}
