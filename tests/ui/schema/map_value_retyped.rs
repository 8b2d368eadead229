//! The values of a map have another type.

use events_core::event;
use std::collections::BTreeMap;

#[event(type = "org.example.schema.map_value_retyped.happened.v1")]
pub struct Happened {
    pub labels: BTreeMap<String, Vec<String>>,
}

fn main() {}
