//! A whole type is marked as personal data.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(pii)]
pub struct Buyer {
    pub email: String,
}

fn main() {}
