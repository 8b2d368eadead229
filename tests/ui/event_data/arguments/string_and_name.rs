//! A type that travels as text, with the name of a record.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(string, name = "Key")]
pub struct Key(String);

fn main() {}
