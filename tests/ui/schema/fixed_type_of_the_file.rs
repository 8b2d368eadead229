//! The schema file has a type that no Rust type has.

use events_core::event;

#[event(type = "org.example.schema.fixed_type_of_the_file.happened.v1")]
pub struct Happened {
    pub id: i64,
}

fn main() {}
