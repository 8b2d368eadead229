//! An option that takes no value, with one.

use events_core::event;

#[event(type = "org.example.shop.order.placed", unversioned = true)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
