//! A default is given for a whole type.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(default)]
pub struct Line {
    pub count: i64,
}

fn main() {}
