//! A break is waived, and the minor version was not raised.

use events_core::event;

#[event(type = "org.example.schema.waiver_without_minor_version.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
