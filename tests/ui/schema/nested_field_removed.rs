//! A field was removed two types down.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Order {
    pub buyer: Buyer,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Buyer {
    pub id: i64, // and `email` once
}

#[event(type = "org.example.schema.nested_field_removed.happened.v1")]
pub struct Happened {
    pub order: Order,
}

fn main() {}
