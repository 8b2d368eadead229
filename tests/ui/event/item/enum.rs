//! An enum.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub enum OrderPlaced {
    Online { number: i64 },
    Shop,
}

fn main() {}
