//! Every argument twice.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", type = "org.example.shop.order.placed.v1",
    signal = PLACED, signal = PLACED, key = number, key = number, minor_version = 1, minor_version = 2,
    unversioned, unversioned, crate = events_core, crate = events_core)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
