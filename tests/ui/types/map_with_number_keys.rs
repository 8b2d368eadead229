//! A map whose keys are not text.

use events_core::event;

use std::collections::BTreeMap;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: BTreeMap<i64, String>,
}

fn main() {}
