//! An optional field was added between others, as `xblock.duplicated` of Open edX once did.

use events_core::event;

#[event(type = "org.example.schema.field_added_in_the_middle.happened.v1")]
pub struct Happened {
    pub id: i64,
    pub version: Option<String>,
    pub source: String,
}

fn main() {}
