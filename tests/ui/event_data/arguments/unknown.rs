//! A misspelt argument.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(nam = "customer")]
pub struct Customer {
    pub id: i64,
}

fn main() {}
