//! The waivers are not a list.

use events_core::event;

#[event(type = "org.example.schema.waivers_are_no_list.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
