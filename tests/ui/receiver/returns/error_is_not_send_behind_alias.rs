//! The same behind a name of the user's own.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[receiver(ORDER_PLACED)]
fn pack(number: i64) -> Result<()> {
    println!("packing order {number}");
    Ok(())
}

fn main() {}
