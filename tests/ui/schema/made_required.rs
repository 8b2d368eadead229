//! What was optional must now be there.

use events_core::event;

#[event(type = "org.example.schema.made_required.happened.v1")]
pub struct Happened {
    pub note: String,
}

fn main() {}
