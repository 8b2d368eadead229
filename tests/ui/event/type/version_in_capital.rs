//! A version with a capital `V`.

use events_core::event;

#[event(type = "org.example.shop.order.placed.V1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
