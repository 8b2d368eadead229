//! A default is not a value of the field's type.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Line {
    #[event_data(default = "1")]
    pub count: i64,
}

fn main() {}
