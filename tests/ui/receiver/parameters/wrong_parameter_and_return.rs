//! A wrong parameter and a wrong return type: both are reported.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(weight: f64) -> f64 {
    weight
}

fn main() {}
