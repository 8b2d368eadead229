//! A type that travels as text, without `FromStr`.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(string)]
pub struct Key(String);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn main() {}
