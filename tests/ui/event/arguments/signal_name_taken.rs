//! Two events that claim one signal name.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

#[event(type = "org.example.shop.order.renewed.v1", signal = ORDER_PLACED)]
pub struct OrderRenewed {
    pub number: i64,
}

fn main() {}
