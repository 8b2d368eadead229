//! Two variants are to keep unknown names.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    #[event_data(unknown)]
    Other(String),
    #[event_data(unknown)]
    Rest(String),
}

fn main() {}
