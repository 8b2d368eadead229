//! The minor version rose by two.

use events_core::event;

#[event(type = "org.example.schema.minor_version_skipped.happened.v1", minor_version = 2)]
pub struct Happened {
    pub id: i64,
    pub note: Option<String>,
}

fn main() {}
