//! A record became a text.

use events_core::event;

#[event(type = "org.example.schema.record_to_string.happened.v1")]
pub struct Happened {
    pub buyer: String,
}

fn main() {}
