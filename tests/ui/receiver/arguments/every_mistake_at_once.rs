//! Several mistakes in one receiver: all are reported.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED, ORDER_PLACED, priority = "high", uid = 7)]
unsafe fn pack<T>((number, customer): (i64, String), event: &mut OrderPlaced) {
    println!("packing order {number} for {customer}: {event:?}");
}

fn main() {}
