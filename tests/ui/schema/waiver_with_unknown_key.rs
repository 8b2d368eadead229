//! A waiver has a key that nobody reads.

use events_core::event;

#[event(type = "org.example.schema.waiver_with_unknown_key.happened.v1", minor_version = 1)]
pub struct Happened {
    pub id: i64,
}

fn main() {}
