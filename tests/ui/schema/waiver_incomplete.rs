//! A waiver does not say where.

use events_core::event;

#[event(type = "org.example.schema.waiver_incomplete.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
