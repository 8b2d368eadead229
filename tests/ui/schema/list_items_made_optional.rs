//! The items of a list became optional.

use events_core::event;

#[event(type = "org.example.schema.list_items_made_optional.happened.v1")]
pub struct Happened {
    pub counts: Vec<Option<i64>>,
}

fn main() {}
