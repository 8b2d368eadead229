//! Two parameters that are both wrong: both are reported.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(number: &str, weight: f64) -> Result<(), std::fmt::Error> {
    println!("packing order {number} of {weight} kg");
    Ok(())
}

fn main() {}
