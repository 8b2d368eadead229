//! A number that the wire does not know, in a nested record.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Order {
    pub value: u16,
}

fn main() {}
