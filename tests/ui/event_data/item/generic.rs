//! A generic struct.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer<T> {
    pub id: T,
}

fn main() {}
