//! A closed enum became a text.

use events_core::event;

#[event(type = "org.example.schema.enum_to_string.happened.v1")]
pub struct Happened {
    pub mode: String,
}

fn main() {}
