//! The variant for unknown names is given a name on the wire.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    #[event_data(unknown, name = "other")]
    Other(String),
}

fn main() {}
