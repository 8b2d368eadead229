//! A float became a whole number, and this version cannot read what was written.

use events_core::event;

#[event(type = "org.example.schema.double_to_long.happened.v1")]
pub struct Happened {
    pub total: i64,
}

fn main() {}
