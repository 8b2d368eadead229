//! A serde attribute on a field.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    #[serde(rename = "orderNumber")]
    pub number: i64,
}

fn main() {}
