//! Fields of the event were moved into a type of their own.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Buyer {
    pub id: i64,
    pub email: String,
}

#[event(type = "org.example.schema.fields_moved_into_a_record.happened.v1")]
pub struct Happened {
    pub buyer: Buyer,
}

fn main() {}
