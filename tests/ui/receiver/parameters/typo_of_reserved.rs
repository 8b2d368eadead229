//! A misspelt reserved name.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

use events_core::EventMetadata;

#[receiver(ORDER_PLACED)]
fn pack(metdata: &EventMetadata) {
    println!("placed at {}", metdata.time());
}

fn main() {}
