//! `string` with a value.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(string = true)]
pub struct Key(String);

fn main() {}
