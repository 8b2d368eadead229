//! A serde attribute on the event.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    pub order_number: i64,
}

fn main() {}
