//! A testing scope that ends at once.

#![deny(unused_must_use)]

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    testing::scope();
}
