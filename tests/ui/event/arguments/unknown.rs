//! A misspelt argument.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", minor = 1)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
