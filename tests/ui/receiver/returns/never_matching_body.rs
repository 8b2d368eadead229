//! A receiver whose body does not give what it says: the message is that of any function.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(number: i64) -> Result<(), std::fmt::Error> {
    println!("packing order {number}");
}

fn main() {}
