//! A type with personal data derives `Debug`, which would show it.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Buyer {
    pub id: i64,
    #[event_data(pii)]
    pub email: String,
}

fn main() {}
