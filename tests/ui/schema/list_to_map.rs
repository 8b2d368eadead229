//! A list became a map.

use events_core::event;
use std::collections::BTreeMap;

#[event(type = "org.example.schema.list_to_map.happened.v1")]
pub struct Happened {
    pub labels: BTreeMap<String, String>,
}

fn main() {}
