//! An event without an event type.

use events_core::event;

#[event]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
