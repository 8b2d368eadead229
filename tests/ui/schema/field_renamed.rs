//! A field was renamed, and its name on the wire with it.

use events_core::event;

#[event(type = "org.example.schema.field_renamed.happened.v1")]
pub struct Happened {
    pub number: i64,
    pub note: String,
}

fn main() {}
