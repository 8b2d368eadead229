//! What was optional, and missing in older versions, became required.

use events_core::event;

#[event(type = "org.example.schema.optional_default_removed.happened.v1", minor_version = 2)]
pub struct Happened {
    pub id: i64,
    pub note: String,
}

fn main() {}
