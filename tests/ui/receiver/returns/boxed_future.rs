//! A receiver that returns a boxed future.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

use std::pin::Pin;

#[receiver(ORDER_PLACED)]
fn pack(number: i64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move { println!("packing order {number}") })
}

fn main() {}
