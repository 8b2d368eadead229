//! An optional field was added, and the minor version was not raised.

use events_core::event;

#[event(type = "org.example.schema.optional_field_added.happened.v1")]
pub struct Happened {
    pub id: i64,
    pub note: Option<String>,
}

fn main() {}
