//! Two fields of one name on the wire.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    pub id: i64,
    #[event_data(name = "id")]
    pub name: String,
}

fn main() {}
