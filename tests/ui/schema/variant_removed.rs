//! A variant was removed that older services send.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
}

#[event(type = "org.example.schema.variant_removed.happened.v1")]
pub struct Happened {
    pub mode: Mode,
}

fn main() {}
