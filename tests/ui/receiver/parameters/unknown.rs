//! A parameter that is no field of the event.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(weight: f64) {
    println!("packing {weight} kg");
}

fn main() {}
