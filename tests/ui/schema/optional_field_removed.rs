//! An optional field was removed, and the minor version was not raised.

use events_core::event;

#[event(type = "org.example.schema.optional_field_removed.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
