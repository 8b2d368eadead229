//! The change fits the last version, and breaks the one before it.

use events_core::event;

#[event(type = "org.example.schema.older_minor_version_broken.happened.v1", minor_version = 2)]
pub struct Happened {
    pub id: i64,
    #[event_data(name = "remark")]
    pub remark: Option<i64>,
}

fn main() {}
