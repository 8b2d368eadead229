//! A field that is always there, as an `Option`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(customer: Option<String>) {
    println!("packing for {customer:?}");
}

fn main() {}
