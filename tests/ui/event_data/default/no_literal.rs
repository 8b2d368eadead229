//! A default is an expression.

use events_core::EventData;

const ONE: i64 = 1;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Line {
    #[event_data(default = ONE)]
    pub count: i64,
}

fn main() {}
