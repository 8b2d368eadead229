//! A struct whose fields have no names.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer(pub i64);

fn main() {}
