//! An enum knows no name at all.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    #[event_data(unknown)]
    Other(String),
}

fn main() {}
