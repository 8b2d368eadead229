//! A key of an event without fields.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", key = number)]
pub struct OrderPlaced {}

fn main() {}
