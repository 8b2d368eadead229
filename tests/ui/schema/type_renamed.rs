//! A type was renamed, and its name on the wire with it.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    pub id: i64,
}

#[event(type = "org.example.schema.type_renamed.happened.v1")]
pub struct Happened {
    pub buyer: Customer,
}

fn main() {}
