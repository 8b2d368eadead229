//! A flag became a number.

use events_core::event;

#[event(type = "org.example.schema.boolean_to_long.happened.v1")]
pub struct Happened {
    pub active: i64,
}

fn main() {}
