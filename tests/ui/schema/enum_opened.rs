//! A closed enum now keeps, and so sends on, names that older services refuse.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Mode {
    Audit,
    #[event_data(unknown)]
    Other(String),
}

#[event(type = "org.example.schema.enum_opened.happened.v1")]
pub struct Happened {
    pub mode: Mode,
}

fn main() {}
