//! A field was added that older services do not send.

use events_core::event;

#[event(type = "org.example.schema.field_added.happened.v1")]
pub struct Happened {
    pub id: i64,
    pub note: String,
}

fn main() {}
