//! A name without text.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "")]
pub struct Customer {
    pub id: i64,
}

fn main() {}
