//! A field that is there only sometimes.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    #[cfg(unix)]
    pub customer: String,
}

fn main() {}
