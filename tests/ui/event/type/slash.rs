//! An event type that is a path.

use events_core::event;

#[event(type = "org/example/shop/order/placed/v1")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
