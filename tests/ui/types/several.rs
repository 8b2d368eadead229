//! Several types that no event can carry: each is reported once.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: u32,
    pub weight: f32,
    pub at: std::time::SystemTime,
}

fn main() {}
