//! A type alias.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub type OrderPlaced = i64;

fn main() {}
