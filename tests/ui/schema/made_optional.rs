//! What was always there became optional.

use events_core::event;

#[event(type = "org.example.schema.made_optional.happened.v1")]
pub struct Happened {
    pub note: Option<String>,
}

fn main() {}
