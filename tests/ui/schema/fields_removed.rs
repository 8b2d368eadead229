//! Two fields were removed; all of it is said at once.

use events_core::event;

#[event(type = "org.example.schema.fields_removed.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
