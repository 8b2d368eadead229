//! A schema file names a record that it does not define.

use events_core::event;

#[event(type = "org.example.schema.file_names_an_unknown_type.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
