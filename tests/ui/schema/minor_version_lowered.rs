//! The minor version went back.

use events_core::event;

#[event(type = "org.example.schema.minor_version_lowered.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
