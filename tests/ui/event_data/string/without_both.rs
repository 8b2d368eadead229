//! A type that travels as text, without `Display` and `FromStr`.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(string)]
pub struct Key(String);

fn main() {}
