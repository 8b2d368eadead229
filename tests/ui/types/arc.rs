//! A shared text.

use events_core::event;

use std::sync::Arc;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: Arc<str>,
}

fn main() {}
