//! An open enum got one more variant, and the minor version was not raised.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    Verified,
    #[event_data(unknown)]
    Other(String),
}

#[event(type = "org.example.schema.variant_added_to_an_open_enum.happened.v1")]
pub struct Happened {
    pub mode: Mode,
}

fn main() {}
