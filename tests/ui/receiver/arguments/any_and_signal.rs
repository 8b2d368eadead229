//! Every signal, and one of them.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(any, ORDER_PLACED)]
fn log() {}

fn main() {}
