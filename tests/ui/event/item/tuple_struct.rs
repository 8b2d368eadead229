//! A struct whose fields have no names.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced(pub i64);

fn main() {}
