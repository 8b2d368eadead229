//! A field was added to the records of a list.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Line {
    pub sku: String,
    pub count: i64,
}

#[event(type = "org.example.schema.field_added_to_a_list_item.happened.v1")]
pub struct Happened {
    pub lines: Vec<Line>,
}

fn main() {}
