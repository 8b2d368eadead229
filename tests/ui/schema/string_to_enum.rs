//! A text became a closed enum.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    Verified,
}

#[event(type = "org.example.schema.string_to_enum.happened.v1")]
pub struct Happened {
    pub mode: Mode,
}

fn main() {}
