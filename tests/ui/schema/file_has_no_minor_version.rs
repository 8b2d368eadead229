//! The name of a schema file has no minor version.

use events_core::event;

#[event(type = "org.example.schema.file_has_no_minor_version.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
