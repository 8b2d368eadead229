//! A schema file holds no record.

use events_core::event;

#[event(type = "org.example.schema.file_is_no_record.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
