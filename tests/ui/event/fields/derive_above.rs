//! A derive above `#[event]`, which writes it as well.

use events_core::event;

#[derive(Debug, Clone)]
#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
