//! A field with a default was added, and the minor version was not raised.

use events_core::event;

#[event(type = "org.example.schema.field_added_with_default.happened.v1")]
pub struct Happened {
    pub id: i64,
    #[event_data(default = "web")]
    pub channel: String,
}

fn main() {}
