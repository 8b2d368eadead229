//! A schema file is not JSON.

use events_core::event;

#[event(type = "org.example.schema.file_is_no_json.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
