//! A field of a nested type was renamed.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Buyer {
    pub id: i64,
    pub email: String, // was `mail`
}

#[event(type = "org.example.schema.field_of_a_type_renamed.happened.v1")]
pub struct Happened {
    pub buyer: Buyer,
}

fn main() {}
