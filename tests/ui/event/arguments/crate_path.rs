//! A path at which there is no `events_core`.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1", crate = not_there)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
