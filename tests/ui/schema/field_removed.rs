//! A field that services need was removed.

use events_core::event;

#[event(type = "org.example.schema.field_removed.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
