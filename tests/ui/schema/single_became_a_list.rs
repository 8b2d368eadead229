//! One value became a list of values.

use events_core::event;

#[event(type = "org.example.schema.single_became_a_list.happened.v1")]
pub struct Happened {
    pub lines: Vec<String>,
}

fn main() {}
