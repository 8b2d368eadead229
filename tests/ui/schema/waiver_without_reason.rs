//! A waiver has no reason.

use events_core::event;

#[event(type = "org.example.schema.waiver_without_reason.happened.v1", minor_version = 1)]
pub struct Happened {
    pub id: i64,
}

fn main() {}
