//! A field's name that the wire does not allow.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    #[event_data(name = "first-name")]
    pub name: String,
}

fn main() {}
