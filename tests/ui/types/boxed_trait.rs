//! A trait object.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Box<dyn std::any::Any + Send + Sync>,
}

fn main() {}
