//! A waiver is for another field than the one that was removed.

use events_core::event;

#[event(type = "org.example.schema.waiver_of_another_path.happened.v1", minor_version = 1)]
pub struct Happened {
    pub id: i64,
}

fn main() {}
