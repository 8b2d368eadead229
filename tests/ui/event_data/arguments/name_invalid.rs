//! A name that the wire does not allow.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "the customer")]
pub struct Customer {
    pub id: i64,
}

fn main() {}
