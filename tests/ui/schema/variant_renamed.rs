//! A variant was renamed, and its name on the wire with it.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    Paid,
}

#[event(type = "org.example.schema.variant_renamed.happened.v1")]
pub struct Happened {
    pub mode: Mode,
}

fn main() {}
