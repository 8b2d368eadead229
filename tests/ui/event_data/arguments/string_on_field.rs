//! `string` on a field.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    #[event_data(string)]
    pub id: i64,
}

fn main() {}
