//! A number became a text.

use events_core::event;

#[event(type = "org.example.schema.long_to_string.happened.v1")]
pub struct Happened {
    pub id: String,
}

fn main() {}
