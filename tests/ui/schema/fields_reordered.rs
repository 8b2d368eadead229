//! Two fields changed places, which bodies without a schema do not survive.

use events_core::event;

#[event(type = "org.example.schema.fields_reordered.happened.v1")]
pub struct Happened {
    pub note: String,
    pub id: i64,
}

fn main() {}
