//! The variant for unknown names holds something else than a text.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    #[event_data(unknown)]
    Other(i64),
}

fn main() {}
