//! A receiver whose boxed error is not `Send + Sync`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

use std::error::Error;

#[receiver(ORDER_PLACED)]
fn pack(number: i64) -> Result<(), Box<dyn Error>> {
    println!("packing order {number}");
    Ok(())
}

fn main() {}
