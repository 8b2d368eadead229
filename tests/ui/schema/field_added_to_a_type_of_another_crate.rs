//! A type of another crate has one more field than when the schema was accepted.

use events_core::event;
use events_catalog::learning::UserData;

#[event(type = "org.example.schema.field_added_to_a_type_of_another_crate.happened.v1")]
pub struct Happened {
    pub user: UserData,
}

fn main() {}
