//! The minor version was raised for a change that needs a new event type.

use events_core::event;

#[event(type = "org.example.schema.minor_version_raised_for_a_break.happened.v1", minor_version = 1)]
pub struct Happened {
    pub id: i64,
}

fn main() {}
