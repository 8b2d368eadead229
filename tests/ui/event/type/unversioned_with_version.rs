//! `unversioned`, and a version.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", unversioned)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
