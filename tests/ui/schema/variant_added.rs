//! A closed enum got one more variant.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    Verified,
    Honor,
}

#[event(type = "org.example.schema.variant_added.happened.v1")]
pub struct Happened {
    pub mode: Mode,
}

fn main() {}
