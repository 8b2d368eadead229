//! An event type that is not a text.

use events_core::event;

#[event(type = OrderPlaced)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
