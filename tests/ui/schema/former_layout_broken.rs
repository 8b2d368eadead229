//! The change breaks a layout that services once wrote under the same minor version.

use events_core::event;

#[event(type = "org.example.schema.former_layout_broken.happened.v1")]
pub struct Happened {
    pub id: i64,
    pub note: String,
}

fn main() {}
