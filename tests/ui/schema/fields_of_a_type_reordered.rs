//! Two fields of a nested type changed places.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Buyer {
    pub email: String,
    pub id: i64,
}

#[event(type = "org.example.schema.fields_of_a_type_reordered.happened.v1")]
pub struct Happened {
    pub buyer: Buyer,
}

fn main() {}
