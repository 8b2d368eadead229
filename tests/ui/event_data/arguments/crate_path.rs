//! A path at which there is no `events_core`.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(crate = not_there)]
pub struct Customer {
    pub id: i64,
}

fn main() {}
