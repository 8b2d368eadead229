//! The schema file of an older minor version is gone.

use events_core::event;

#[event(type = "org.example.schema.older_file_missing.happened.v1", minor_version = 2)]
pub struct Happened {
    pub id: i64,
}

fn main() {}
