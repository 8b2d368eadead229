//! A schema file was copied from another event.

use events_core::event;

#[event(type = "org.example.schema.file_is_of_another_event.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
