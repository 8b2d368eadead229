//! An argument that serde has.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(rename = "customer")]
pub struct Customer {
    pub id: i64,
}

fn main() {}
