//! Every argument twice.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "A", name = "B", crate = events_core, crate = events_core)]
pub struct Customer {
    pub id: i64,
}

fn main() {}
