//! The variant for unknown names does not keep them.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    #[event_data(unknown)]
    Other,
}

fn main() {}
