//! The attribute without arguments.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data]
pub struct Customer {
    pub id: i64,
}

fn main() {}
