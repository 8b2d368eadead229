//! The items of a list have another type.

use events_core::event;

#[event(type = "org.example.schema.list_item_retyped.happened.v1")]
pub struct Happened {
    pub counts: Vec<i64>,
}

fn main() {}
