//! An event type without a value.

use events_core::event;

#[event(type)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
