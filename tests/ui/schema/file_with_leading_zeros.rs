//! A schema file has a minor version with a zero before it.

use events_core::event;

#[event(type = "org.example.schema.file_with_leading_zeros.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
