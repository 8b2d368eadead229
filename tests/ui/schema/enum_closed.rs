//! An enum no longer keeps names that it does not know.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
}

#[event(type = "org.example.schema.enum_closed.happened.v1")]
pub struct Happened {
    pub mode: Mode,
}

fn main() {}
