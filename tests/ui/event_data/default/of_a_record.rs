//! A record is given a default without a value.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Line {
    #[event_data(default)]
    pub price: Price,
}

#[derive(Debug, Clone, Default, PartialEq, EventData)]
pub struct Price {
    pub cents: i64,
}

fn main() {}
